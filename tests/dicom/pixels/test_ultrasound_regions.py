"""Ultrasound: sequences of pictures, and the region that shows tissue."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from monai.transforms import LoadImaged
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import AsSeend

TISSUE, COLOUR_FLOW, SPECTRUM = 1, 2, 3
TWO_D, M_MODE, DOPPLER = 1, 2, 3


def load(path: Path) -> Any:
    return LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True)({"image": path})["image"]


def region(box: tuple[int, int, int, int], spatial_format: int = TWO_D, data_type: int = TISSUE) -> Dataset:
    """A region whose corners, left, top, right, bottom, belong to it."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = spatial_format, data_type
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    return item


def write(folder: Path, write_picture: Callable[..., Path], frames: NDArray[Any], **tags: Any) -> Path:
    """A multi-frame file of stored values (frames, rows, columns)."""
    rows, columns = frames.shape[1:]
    tags = {"NumberOfFrames": len(frames), "Rows": rows, "Columns": columns} | tags
    stored = frames.reshape(-1, columns)
    return write_picture(folder / "us.dcm", stored, UltrasoundMultiFrameImageStorage, "US", **tags)


@pytest.mark.parametrize(
    ("regions", "box"),
    [
        ([region((2, 1, 9, 7))], (1, 2, 8, 10)),
        ([region((0, 0, 1, 1)), region((2, 1, 9, 7)), region((0, 0, 3, 3))], (1, 2, 8, 10)),
        ([region((0, 0, 11, 9), M_MODE), region((0, 0, 11, 9), DOPPLER, SPECTRUM), region((1, 1, 3, 3))], (1, 1, 4, 4)),
        ([region((2, 1, 12, 10))], (1, 2, 10, 12)),  # one too far, as some write it
        ([region((0, 0, 9, 9), M_MODE)], None),
        ([region((0, 0, 9, 9), TWO_D, COLOUR_FLOW)], None),
        ([region((9, 9, 1, 1))], None),
        ([Dataset()], None),
        ([], None),
    ],
)
def test_the_largest_region_of_tissue_is_known(
    tmp_path: Path, write_picture: Callable[..., Path], regions: list[Dataset], box: tuple[int, ...] | None
) -> None:
    path = write(tmp_path, write_picture, np.zeros((1, 10, 12), np.uint8), SequenceOfUltrasoundRegions=regions)
    meta = load(path).meta
    if box is None:
        assert "ultrasound_region" not in meta
    else:
        np.testing.assert_array_equal(meta["ultrasound_region"], box)


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("us_ybr_full_422_uncompressed.dcm", (75, 184, 555, 800)),
        ("us_palette_rle.dcm", (60, 120, 519, 800)),  # beside a curve; its right corner lies outside the picture
        ("us_multiframe65_ybr422_jpegbaseline.dcm/frame_0001", (48, 27, 392, 549)),
    ],
)
def test_real_pictures_tell_of_their_region(datasets: Path, name: str, box: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(load(datasets / "dicom" / "single" / name).meta["ultrasound_region"], box)


def test_a_sequence_goes_through_as_it_is(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (7, 4, 6), dtype=np.uint8)
    path = write(tmp_path, write_picture, frames)
    sequence = load(path)
    assert sequence.shape == (1, 4, 6, 7)
    np.testing.assert_array_equal(sequence.numpy()[0], frames.transpose(1, 2, 0))
    assert AsSeend("image")({"image": sequence})["image"] is sequence
    for number in range(7):
        np.testing.assert_array_equal(load(path / f"frame_{number + 1:04d}").numpy()[0], frames[number])


def test_a_sequence_with_one_coloured_frame_is_in_colour(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    frames = np.array([[[0, 1]], [[2, 0]], [[1, 0]]], dtype=np.uint8)  # entry 2 of the palette is red
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, ramp in (("Red", [0, 100, 200]), ("Green", [0, 100, 0]), ("Blue", [0, 100, 0])):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [3, 0, 16]
        tags[f"{colour}PaletteColorLookupTableData"] = (np.array(ramp, dtype=np.uint16) << 8).tobytes()
    path = write(tmp_path, write_picture, frames, **tags)
    sequence = load(path).numpy()
    assert sequence.shape == (3, 1, 2, 3)
    np.testing.assert_array_equal(sequence[:, 0, :, 0], [[0, 100]] * 3)
    np.testing.assert_array_equal(sequence[:, 0, :, 1], [[200, 0], [0, 0], [0, 0]])
    assert load(path / "frame_0001").shape == (1, 1, 2)
