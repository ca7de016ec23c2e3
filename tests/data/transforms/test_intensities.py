"""Percentiles are NumPy's, and images are finite."""

import numpy as np
import pytest
import torch

from srs_monai.data.transforms.intensities import finite_image, percentile_on_device, percentiles


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
@pytest.mark.parametrize("percent", [0.0, 0.5, 33.3, 50.0, 99.9, 100.0])
def test_percentiles_lie_between_two_values_as_numpys_do(count: int, percent: float) -> None:
    values = torch.rand(count, dtype=torch.float64) * 16383
    expected = pytest.approx(np.percentile(values.numpy(), percent), rel=1e-12)
    assert percentile_on_device(values, percent) == expected  # as on a GPU
    assert percentiles(values.reshape(1, -1), [percent, 50])[0] == expected


def test_large_values_whose_sum_is_none_are_finite() -> None:
    image = torch.full((1, 2, 2), 3e38)
    torch.testing.assert_close(finite_image(image), image)
