"""The nested grid: which node reads what, and how large it is."""

import pytest
import torch
from torch import Tensor, nn

from srs_monai.networks.nets.dense_nested import (
    DenseNestedDecoder,
    DenseNestedEncoder,
    enlarge,
    halve,
    require_divisible,
)

FEATURES = (4, 8, 16, 32)


class Label(nn.Module):
    """Stands for node (i, j): notes which nodes it was given, and gives a map filled with its own number, 10 i + j."""

    def __init__(self, i: int, j: int) -> None:
        super().__init__()
        self.number, self.width = 10 * i + j, FEATURES[i]
        self.read: list[int] = []

    def forward(self, links: list[Tensor]) -> Tensor:
        x = torch.cat(links, dim=1)
        assert (x.amax((2, 3)) - x.amin((2, 3))).max() < 1e-4, "labels are constant over space"
        self.read = [round(n) for n in torch.unique_consecutive(x[0, :, 0, 0].round()).tolist()]
        return torch.full((len(x), self.width, *x.shape[2:]), float(self.number))


def test_every_node_reads_its_row_the_node_below_and_the_node_above() -> None:
    decoder = DenseNestedDecoder(1, FEATURES, (1, 1, 1, 1), patch_contrast=False, spatial_dims=2).eval()
    decoder.nodes = nn.ModuleDict({name: Label(i, j) for name, (i, j) in decoder.places.items()})
    levels = [torch.full((1, width, 16 // 2**i, 24 // 2**i), 10.0 * i) for i, width in enumerate(FEATURES)]
    assert decoder(levels).shape == (1, 1, 16, 24)
    assert {name: node.read for name, node in decoder.nodes.items()} == {
        "0_1": [0, 10],
        "1_1": [10, 20, 1],
        "2_1": [20, 30, 11],
        "0_2": [1, 11, 0],
        "1_2": [11, 21, 10, 2],
        "0_3": [2, 12, 1],  # the rule repeats the node before the last, so node (0, 0) is not read again
    }


def test_levels_halve_and_depths_count_blocks() -> None:
    encoder = DenseNestedEncoder(2, FEATURES, (1, 2, 3, 1), 6, spatial_dims=2)
    assert [level.shape for level in encoder(torch.randn(2, 2, 16, 24))] == [
        (2, 4, 16, 24),
        (2, 8, 8, 12),
        (2, 16, 4, 6),
        (2, 32, 2, 3),
    ]
    assert [len(stage) for stage in encoder.stages] == [1, 2, 3, 1]


@pytest.mark.parametrize("levels", [2, 3, 5])
@pytest.mark.parametrize("patch_contrast", [True, False])
def test_any_number_of_levels(levels: int, patch_contrast: bool) -> None:
    features, blocks = [4] * levels, [1] * levels
    encoder = DenseNestedEncoder(1, features, blocks, 4, spatial_dims=2)
    decoder = DenseNestedDecoder(2, features, blocks, patch_contrast=patch_contrast, spatial_dims=2)
    assert decoder(encoder(torch.randn(2, 1, 32, 16))).shape == (2, 2, 32, 16)


def test_sizes_change_by_two_with_corners_kept() -> None:
    x = torch.tensor([[[[0.0, 3.0], [6.0, 9.0]]]])
    rows = torch.tensor([0.0, 2.0, 4.0, 6.0])
    torch.testing.assert_close(enlarge(x, 2.0), (rows[:, None] + rows / 2)[None, None])
    assert halve(x).item() == 9
    assert halve(enlarge(x[..., None], 2.0)).shape == (1, 1, 2, 2, 1)


@pytest.mark.parametrize(
    ("features", "blocks"), [((4, 8, 16), (1, 1)), ((4,), (1,)), ((4, 8), (1, 0)), ((4, 0), (1, 1))]
)
def test_a_depth_for_each_of_two_or_more_levels(features: tuple[int, ...], blocks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"got features"):
        DenseNestedEncoder(1, features, blocks, 4, spatial_dims=2)


@pytest.mark.parametrize("wrong", [0, -1])
def test_channels_are_one_or_more(wrong: int) -> None:
    with pytest.raises(ValueError, match=f"in_channels .*, got {wrong}"):
        DenseNestedEncoder(wrong, (4, 8), (1, 1), 4, spatial_dims=2)
    with pytest.raises(ValueError, match=f"out_channels .*, got {wrong}"):
        DenseNestedDecoder(wrong, (4, 8), (1, 1), patch_contrast=False, spatial_dims=2)


def test_a_line_is_no_image() -> None:
    with pytest.raises(ValueError, match="2 or 3 spatial dimensions, got 1"):
        DenseNestedEncoder(1, (4, 8), (1, 1), 4, spatial_dims=1)


def test_the_error_tells_what_would_fit() -> None:
    with pytest.raises(ValueError, match=r"N needs height and width in multiples of 8, got 100 x 96; "
                       r"pad the image to 104 x 96 or add DivisiblePadd\(keys, k=8\) to the transforms"):  # fmt: skip
        require_divisible(torch.empty(1, 1, 100, 96), 4, "N")
    with pytest.raises(ValueError, match=r"height, width and depth in multiples of 4, got 8 x 6 x 4; .*8 x 8 x 4"):
        require_divisible(torch.empty(1, 1, 8, 6, 4), 3, "N")
    require_divisible(torch.empty(1, 1, 8, 104), 4, "N")
