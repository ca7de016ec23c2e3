"""Convolutions with a given kernel."""

import pytest
import torch

from srs_monai.networks.layers import conv_per_sample, conv_same


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
def test_each_sample_meets_its_own_kernel(sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 3, *sides, dtype=torch.float64)
    kernel = torch.randn(2, 4, 3, *[3] * len(sides), dtype=torch.float64)
    alone = torch.cat([conv_same(x[b : b + 1], kernel[b]) for b in range(2)])
    torch.testing.assert_close(conv_per_sample(x, kernel), alone)


def test_values_worked_out_by_hand() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]], [[[1.0, 2.0], [3.0, 4.0]]]])  # (2, 1, 2, 2)
    kernel = torch.zeros(2, 1, 1, 3, 3)
    kernel[0, 0, 0, 1, 1] = 10  # ten times itself
    kernel[1, 0, 0, 1, 2] = 1  # the neighbour on the right, zero beyond the edge
    expected = torch.tensor([[[[10.0, 20.0], [30.0, 40.0]]], [[[2.0, 0.0], [4.0, 0.0]]]])
    torch.testing.assert_close(conv_per_sample(x, kernel), expected)
