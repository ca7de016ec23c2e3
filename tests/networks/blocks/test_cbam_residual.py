"""The residual block and the node made of it."""

import pytest
import torch

from srs_monai.networks import CBAMResidual
from srs_monai.networks.blocks import ResidualNode


def test_shortcut_is_the_identity_where_widths_agree() -> None:
    block = CBAMResidual(4, 4).eval()
    torch.nn.init.zeros_(block.norm2.weight)  # the branch gives nothing
    x = torch.randn(2, 4, 5, 6)
    torch.testing.assert_close(block(x), x.clamp(min=0))


def test_branch_is_weighted_by_channel_then_by_position() -> None:
    block = CBAMResidual(2, 3).eval()
    x = torch.randn(2, 2, 5, 6)
    y = block.norm2(block.conv2(torch.relu(block.norm1(block.conv1(x)))))
    by_channel = y * block.channel_attention(y)
    expected = torch.relu(by_channel * block.spatial_attention(by_channel) + block.shortcut(x))
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
def test_gradients_match_finite_differences(sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 2, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(CBAMResidual(2, 3, spatial_dims=len(sides)).double().eval(), (x,))


def test_a_node_changes_the_width_once() -> None:
    node = ResidualNode(2, 4, 3)
    assert [(block.conv1.in_channels, block.conv1.out_channels) for block in node] == [(2, 4), (4, 4), (4, 4)]


def test_a_node_reads_its_maps_side_by_side() -> None:
    node, one, other = ResidualNode(5, 4, 1).eval(), torch.randn(2, 2, 6, 5), torch.randn(2, 3, 6, 5)
    torch.testing.assert_close(node([one, other]), node[0](torch.cat([one, other], dim=1)))
    torch.testing.assert_close(node([torch.cat([one, other], dim=1)]), node([one, other]))
