"""Slices that lie aside of each other are resampled straight, each in its own plane."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import AXIAL
from monai.transforms import LoadImage
from numpy.typing import NDArray

from srs_monai.data.readers import DicomReader

CORONAL = (1, 0, 0, 0, 0, -1)


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def field(ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear in place, so that linear interpolation gives it exactly."""
    return ras @ [3.0, -5.0, 7.0] + 200


def assert_field(volume: Any, series: Any, spacing: tuple[float, float] = (0.8, 0.6)) -> None:
    """Voxels between the outermost pixel centres of their slice have the field's value at their place, others air."""
    index = np.moveaxis(np.indices(volume.shape), 0, -1)
    affine = volume.affine.numpy()
    ras = index @ affine[:3, :3].T + affine[:3, 3]
    across, down = np.array(series.orientation).reshape(2, 3)
    reached = 0
    for number, position in enumerate(series.positions):
        offset = ras[:, :, number] * [-1, -1, 1] - position
        np.testing.assert_allclose(offset @ np.cross(across, down), 0, atol=1e-6)
        column, row = offset @ across / spacing[1], offset @ down / spacing[0]
        rows, columns = series.stored.shape[1:]
        inside = (column > -1e-3) & (column < columns - 1 + 1e-3) & (row > -1e-3) & (row < rows - 1 + 1e-3)
        beyond = (column < -0.51) | (column > columns - 0.49) | (row < -0.51) | (row > rows - 0.49)
        np.testing.assert_allclose(volume.numpy()[:, :, number][inside], field(ras[:, :, number][inside]), atol=0.02)
        assert (volume.numpy()[:, :, number][beyond] == -1024).all()
        reached += inside.sum()
    assert reached > 0.5 * series.stored.size


@pytest.mark.parametrize("degrees", [1.0, -25.0])
@pytest.mark.parametrize("orientation", [AXIAL, CORONAL])
def test_gantry_tilt_is_straightened_and_said(
    tmp_path: Path,
    write_series: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    degrees: float,
    orientation: tuple[float, ...],
) -> None:
    drift = np.tan(np.radians(degrees))
    series = write_series(tmp_path, np.arange(40) * 2.5, orientation, size=(60, 20), aside=float(drift), field=field)
    volume = load(tmp_path)
    assert_field(volume, series)
    said = f"(gantry tilt of {abs(degrees):.1f} degrees): resampled onto a straight grid of 20 x"
    assert said in volume.meta["notes"]
    assert said in caplog.text
    axes = volume.affine.numpy()[:3, :3]
    np.testing.assert_allclose(axes.T @ axes, np.diag([0.6, 0.8, 2.5]) ** 2, atol=1e-9)
    assert volume.shape == (20, 60 + round(abs(drift) * 39 * 2.5 / 0.8), 40)


def test_tilt_may_vary_and_go_along_both_axes(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    along = np.arange(30) * 2.0
    aside = np.stack([5 * np.sin(along / 20), along * 0.2 + along**2 / 300], axis=1)
    series = write_series(tmp_path, along, size=(40, 30), aside=aside, field=field)
    volume = load(tmp_path)
    assert_field(volume, series)
    assert "variable gantry tilt" in volume.meta["notes"]


def test_no_pixel_is_lost_and_whole_shifts_change_none(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    aside = np.array([[0, 0], [1.2, 0.8], [-1.8, 1.6], [0.6, -2.4], [0, 0]])  # whole pixels of 0.6 x 0.8 mm
    series = write_series(tmp_path, aside=aside)
    volume = load(tmp_path).numpy()
    assert volume.shape == (7 + 5, 5 + 5, 5)
    for number, (column, row) in enumerate([(3, 3), (5, 4), (0, 5), (4, 0), (3, 3)]):
        kept = volume[column : column + 7, row : row + 5, number]
        np.testing.assert_array_equal(kept, series.stored[number].T - 1024.0)
        assert (volume[:, :, number] == -1024).sum() >= 12 * 10 - 7 * 5


def test_half_a_pixel_aside_is_straight(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, aside=[0, 0.1, 0.2, 0.3, 0.35])
    volume = load(tmp_path)
    np.testing.assert_array_equal(volume.numpy(), series.stored.transpose(2, 1, 0) - 1024.0)
    assert volume.meta["notes"] == ""


def test_what_lies_outside_is_the_smallest_value_where_there_are_no_hounsfield_units(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    series = write_series(
        tmp_path,
        modality="MR",
        aside=0.8 / 2.5,
        stored=np.arange(100, 135).reshape(5, 7).astype(np.int16)[None].repeat(5, axis=0),
    )
    volume = load(tmp_path).numpy()
    assert volume.shape == (7, 9, 5)
    np.testing.assert_array_equal(volume[:, 2:7, 2], series.stored[2].T)
    assert (volume[:, :2, 2] == 100).all()
    assert (volume[:, 7:, 2] == 100).all()


def test_slices_that_lie_far_apart_are_refused(
    tmp_path: Path, write_series: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srs_monai.dicom.grid.stack._LARGEST", 1000)
    write_series(tmp_path, aside=[0, 0, 0, 80, 80])
    with pytest.raises(ValueError, match=r"80\.00 mm .* 7 x 105 pixels"):
        load(tmp_path)
