"""Uneven slices are resampled on request, and several acquisitions are never mixed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomError, DicomReader, dicom_slices


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def test_positions_in_tenths_of_a_millimetre_are_even(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    along = np.round(np.arange(30) * 0.625, 1)
    series = write_series(tmp_path, along=along)
    volume = load(tmp_path)
    assert volume.affine[2, 2].item() == pytest.approx((along[-1] - along[0]) / 29)
    np.testing.assert_array_equal(volume.numpy()[:, :, 7], series.stored[7].T - 1024.0)


def test_missing_slices_are_filled_in_on_request(
    tmp_path: Path, write_series: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    series = write_series(tmp_path, along=[0, 2.5, 5, 12.5, 15])
    volume = load(tmp_path, resample_uneven=True)
    there = series.stored.transpose(0, 2, 1) - 1024.0
    assert volume.shape == (7, 5, 7)
    for number, slice_number in enumerate([0, 1, 2, 5, 6]):
        np.testing.assert_array_equal(volume.numpy()[:, :, slice_number], there[number])
    np.testing.assert_allclose(volume.numpy()[:, :, 3], (2 * there[2] + there[3]) / 3, atol=1e-3)
    np.testing.assert_allclose(volume.numpy()[:, :, 4], (there[2] + 2 * there[3]) / 3, atol=1e-3)
    assert volume.affine[2, 2].item() == pytest.approx(2.5)
    said = "2 missing slices filled in from their neighbours: 40.50 mm, 43.00 mm"
    assert volume.meta["notes"] == said
    assert said in caplog.text


def test_slices_written_in_tenths_of_a_millimetre_stay_as_they_are_beside_a_gap(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    places = np.delete(np.arange(40), [20, 21])
    series = write_series(tmp_path, along=np.round(places * 0.625, 1))
    volume = load(tmp_path, resample_uneven=True)
    assert volume.shape[2] == 40
    np.testing.assert_array_equal(volume.numpy()[:, :, places], series.stored.transpose(2, 1, 0) - 1024.0)


def test_uneven_spacing_is_resampled_to_the_smallest_gap_on_request(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    series = write_series(tmp_path, along=[0, 2, 4, 6, 9, 12.5])
    volume = load(tmp_path, resample_uneven=True)
    spacing = 12.5 / 7  # no more than the smallest gap, and whole slices over all
    assert volume.shape == (7, 5, 8)
    assert volume.affine[2, 2].item() == pytest.approx(spacing)
    there = series.stored.transpose(0, 2, 1) - 1024.0
    np.testing.assert_array_equal(volume.numpy()[:, :, 0], there[0])
    np.testing.assert_array_equal(volume.numpy()[:, :, 7], there[5])
    weight = (6 * spacing - 9) / 3.5
    np.testing.assert_allclose(volume.numpy()[:, :, 6], there[4] + weight * (there[5] - there[4]), atol=1e-3)
    assert "uneven spacing, 2.00 to 3.50 mm, resampled to a slice every 1.79 mm" in volume.meta["notes"]


def test_one_slice_out_of_line_does_not_rule_the_grid(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    write_series(tmp_path, along=[0, 5, 5.3, 10, 15, 20, 25])
    assert load(tmp_path, resample_uneven=True).shape[2] == 7  # 4.7 mm, not 0.3


def test_tilted_and_uneven_series_are_resampled_both_ways(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    aside = [[0, 0], [0, 1.6], [0, 3.2], [0, 4.8]]  # two pixels down for each slice
    series = write_series(tmp_path, along=[0, 2, 4, 8], aside=aside)
    volume = load(tmp_path, resample_uneven=True)
    assert volume.shape == (7, 5 + 6, 5)
    assert "gantry tilt" in volume.meta["notes"]
    assert "; 1 missing slices filled in from their neighbours: 39.00 mm" in volume.meta["notes"]
    there = series.stored.transpose(0, 2, 1) - 1024.0
    for number, slice_number in enumerate([0, 1, 2, 4]):
        np.testing.assert_array_equal(volume.numpy()[:, 2 * number : 2 * number + 5, slice_number], there[number])
    # both neighbours reach rows 6 to 8, where they are mixed; nearer ones hold alone elsewhere, the later one of two
    np.testing.assert_allclose(volume.numpy()[:, 6:9, 3], (there[2][:, 2:] + there[3][:, :3]) / 2, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"resample_uneven": True}])
@pytest.mark.parametrize(
    ("tag", "values"),
    [
        ("AcquisitionNumber", ["1", "2"]),
        ("TriggerTime", ["0", "350.5"]),
        ("EchoNumbers", ["1", "2"]),
        ("TemporalPositionIdentifier", ["1", "2"]),
        ("DiffusionBValue", ["0.0", "1000.0"]),
        ("AcquisitionTime", ["101500", "101530.5"]),
        ("ConvolutionKernel", ["B30f", "B70f"]),
    ],
)
def test_acquisitions_at_the_same_positions_are_rejected_with_the_tag_that_differs(
    tmp_path: Path, write_series: Callable[..., Any], tag: str, values: list[str], options: dict[str, bool]
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        value: Any = values[i % 2]
        setattr(dataset, tag, float(value) if tag == "DiffusionBValue" else value)

    write_series(tmp_path, along=np.repeat(np.arange(5) * 2.5, 2), edit=edit)
    counts = rf" {tag}: {values[0]} \(5 slices\), {values[1]} \(5 slices\);"
    with pytest.raises(DicomError, match=r" 33\.00 mm .*43\.00 mm .*" + counts):
        load(tmp_path, **options)


def test_acquisitions_that_several_tags_distinguish_are_rejected_with_all_of_these_tags(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        number = i % 4
        dataset.DiffusionBValue = [0.0, 1000.0, 1000.0, 1000.0][number]
        dataset.FlipAngle = [90, 90, 80, 80][number]

    write_series(tmp_path, along=np.repeat([0, 2, 4], 4), modality="MR", edit=edit)
    with pytest.raises(DicomError, match=" DiffusionBValue, FlipAngle;"):
        load(tmp_path)


@pytest.mark.parametrize("tag", ["ConvolutionKernel", "EchoTime", "AcquisitionNumber"])
def test_kinds_of_image_between_each_other_are_never_mixed(
    tmp_path: Path, write_series: Callable[..., Any], tag: str
) -> None:
    series = write_series(
        tmp_path, along=np.arange(6) * 2.5, edit=lambda dataset, i: setattr(dataset, tag, str(i % 2 + 1))
    )
    if tag == "AcquisitionNumber":  # one volume in two passes
        assert_same_places(load(tmp_path), series)
    else:
        with pytest.raises(DicomError, match=rf" {tag}: 1 \(3 slices\), 2 \(3 slices\)"):
            load(tmp_path)


def test_acquisitions_between_each_other_are_never_mixed(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.AcquisitionNumber = i % 2 + 1

    write_series(tmp_path, along=[0, 1, 5, 6, 10, 11], edit=edit)
    with pytest.raises(DicomError, match=r" AcquisitionNumber: 1 \(3 slices\), 2 \(3 slices\)"):
        load(tmp_path, resample_uneven=True)


def test_copies_of_slices_are_refused_or_left_out_on_request(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    shutil.copyfile(series.files[1], tmp_path / "zz_copy")
    where = rf"at 35\.50 mm \({series.files[1].name}, zz_copy\)"
    with pytest.raises(DicomError, match=where + ".*--resample-uneven"):
        load(tmp_path)
    volume = load(tmp_path, resample_uneven=True)
    assert_same_places(volume, series)
    assert "at 35.50 mm" in volume.meta["notes"]
    assert dicom_slices(tmp_path).paths == tuple(series.files)
