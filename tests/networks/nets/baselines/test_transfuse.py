"""TransFuse: the authors' parameters and FLOPs, its outputs and its fusion."""

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from srs_monai.networks import TransFuse
from srs_monai.networks.nets.baselines.transfuse import BiFusion, Enlarge, Gate


@pytest.mark.parametrize(
    ("size", "parameters", "class_token", "gflops"), [("S", 26_248_725, 384, 17.64), ("L", 143_540_789, 768, 125.19)]
)
def test_parameters_and_flops_are_those_of_the_authors_code(
    size: str, parameters: int, class_token: int, gflops: float
) -> None:
    with torch.device("meta"):
        network, image = TransFuse(size=size, deep_supervision=True), torch.zeros(1, 3, 192, 256)
    assert sum(value.numel() for value in network.parameters()) == parameters - class_token  # declared, never used
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        assert [tuple(y.shape) for y in network(image)] == [(1, 1, 192, 256)] * 3
    assert round(counter.get_total_flops() / 1e9, 2) == gflops


def test_deep_supervision_gives_the_final_logits_first_then_the_branch_and_the_coarsest() -> None:
    torch.manual_seed(0)
    network, image = TransFuse(out_channels=2, deep_supervision=True).eval(), torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        final, branch, coarse = network(image)
        network.deep_supervision = False
        torch.testing.assert_close(network(image), final)
        seen = network.enlarge[1](network.enlarge[0](network.transformer(image)))
        expected = F.interpolate(network.transformer_head(seen), scale_factor=4, mode="bilinear", align_corners=True)
        torch.testing.assert_close(branch, expected)
        fused = network.fusions[0](network.cnn(image)[-1], network.transformer(image))
        expected = F.interpolate(network.fused_head(fused), scale_factor=16, mode="bilinear", align_corners=True)
        torch.testing.assert_close(coarse, expected)


def test_without_it_only_the_two_other_heads_get_no_gradient() -> None:
    network = TransFuse()
    network(torch.randn(2, 3, 32, 32)).square().mean().backward()
    idle = {name.split(".")[0] for name, value in network.named_parameters() if value.grad is None}
    assert idle == {"transformer_head", "fused_head"}


def test_fusion_weighs_the_branches_and_joins_their_product() -> None:
    torch.manual_seed(0)
    fusion = BiFusion(8, 12, 4, dropout=0.0).eval()
    merged: list[torch.Tensor] = []
    fusion.merge.register_forward_pre_hook(lambda _, inputs: merged.append(inputs[0]))
    local, seen = torch.randn(2, 8, 4, 6), torch.randn(2, 12, 4, 6)
    assert fusion(local, seen).shape == local.shape
    peak_and_mean = torch.stack([local.max(1).values, local.mean(1)], 1)
    weights = fusion.to_weights(seen.mean((2, 3), keepdim=True)).sigmoid()
    assert weights.shape == (2, 12, 1, 1)
    torch.testing.assert_close(merged[0][:, :8], local * fusion.to_map(peak_and_mean).sigmoid())
    torch.testing.assert_close(merged[0][:, 8:20], seen * weights)
    product = fusion.product(fusion.project_cnn(local) * fusion.project_transformer(seen))
    torch.testing.assert_close(merged[0][:, 20:], product)


def test_enlarging_aligns_corners_and_puts_the_gated_skip_in_front() -> None:
    torch.manual_seed(0)
    enlarge, x, skip = Enlarge(6, 4, 4).eval(), torch.randn(1, 6, 3, 4), torch.randn(1, 4, 6, 8)
    larger = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
    joint = torch.cat([enlarge.gate(skip, larger), larger], 1)
    torch.testing.assert_close(enlarge(x, skip), F.relu(enlarge.branch(joint) + enlarge.shortcut(joint)))


def test_a_gate_lets_between_nothing_and_all_of_a_skip_pass() -> None:
    torch.manual_seed(0)
    gate, skip, x = Gate(6, 4, 4).eval(), torch.randn(1, 4, 5, 5), torch.randn(1, 6, 5, 5)
    shares = gate(skip, x) / skip
    torch.testing.assert_close(shares, shares[:, :1].expand_as(shares))
    assert 0 < shares.min() < shares.max() < 1
    gate.to_map[1].bias.data.fill_(50.0)
    torch.testing.assert_close(gate(skip, x), skip)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"out_channels": 0}, "TransFuse .*out_channels 0"),
        ({"size": "M"}, "no size of TransFuse is called 'M'; .*choose one of L, S"),
        ({"image_size": (200, 256)}, r"two multiples of 16, got \[200, 256\]"),
        ({"dropout": 1.0}, r"dropout .*got 1\.0"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, object], said: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=said):
        TransFuse(**options)


def test_sides_that_do_not_fit_are_refused_with_a_way_out() -> None:
    with (
        torch.device("meta"),
        pytest.raises(ValueError, match="multiples of 16, got 60 x 64; pad the image to 64 x 64"),
    ):
        TransFuse()(torch.zeros(1, 3, 60, 64))
