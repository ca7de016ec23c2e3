"""Batches are cut to what is fastest, and no image sees its neighbours."""

import pytest
import torch
from torch import Tensor, nn

from srs_monai.networks import SRSNet
from srs_monai.runtimes import build
from srs_monai.runtimes.pytorch import Eager
from srs_monai.runtimes.runtime import to_power_of_two


class Recorder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def forward(self, image: Tensor) -> Tensor:
        self.batches.append(len(image))
        return image[:, :1]


@pytest.mark.parametrize(
    ("batch_size", "batches"), [(1, [1, 1, 1, 1, 1]), (2, [2, 2, 1]), (8, [5]), (None, [5])], ids=str
)
def test_a_batch_is_cut(batch_size: int | None, batches: list[int]) -> None:
    recorder, images = Recorder(), torch.randn(5, 3, 4, 4)
    runtime = Eager(recorder, "eager", "float32", () if batch_size is None else (batch_size,))
    torch.testing.assert_close(runtime(images), torch.sigmoid(images[:, :1]))
    assert recorder.batches == batches


@pytest.mark.parametrize(
    ("count", "limit", "filled"), [(1, 8, 1), (2, 8, 2), (3, 8, 4), (5, 8, 8), (5, 6, 6), (5, 3, 5)]
)
def test_batches_are_filled_to_few_sizes(count: int, limit: int, filled: int) -> None:
    images = torch.rand(count, 1, 2, 2)
    result = to_power_of_two(images, limit)
    assert len(result) == filled
    assert torch.equal(result[:count], images)
    assert all(torch.equal(one, images[-1]) for one in result[count:])


def test_statistics_of_the_batch_are_those_of_the_batch_that_was_given() -> None:
    network = SRSNet(
        reconstruction_features=(4, 8),
        reconstruction_blocks=(1, 1),
        segmentation_features=(4, 8),
        segmentation_blocks=(1, 1),
        drifting_statistics=True,
    ).eval()
    images = torch.rand(4, 3, 16, 16)
    found = build(network)(images)
    with torch.no_grad():
        expected, alone = torch.sigmoid(network(images)), torch.sigmoid(network(images[:1]))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert not torch.allclose(found[:1], alone, rtol=0, atol=1e-5), "the batch makes a difference"
    with pytest.raises(ValueError, match=r"SRSNet .*runtime eager"):
        build(network, "torchscript")
