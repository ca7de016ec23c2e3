"""Small DICOM series and pictures, made from a truth that the tests know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import FileMetaDataset
from pydicom.uid import BasicTextSRStorage, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
PIXEL_SPACING = (0.8, 0.6)  # mm between rows, between columns


@dataclass
class Series:
    """Stored values (slices, rows, columns), slice by slice where they lie, as the files have them."""

    folder: Path
    files: list[Path]
    stored: NDArray[Any]
    positions: NDArray[np.float64]
    uid: str
    orientation: Sequence[float] = AXIAL


def file_meta(sop_class: str, uid: str) -> FileMetaDataset:
    """The file meta of a data set in explicit VR."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, uid
    return meta


def image_dataset(sop_class: str, modality: str, stored: NDArray[Any]) -> pydicom.Dataset:
    """A data set of stored values (rows, columns[, RGB]), without series and place."""
    dataset = pydicom.Dataset()
    dataset.file_meta = file_meta(sop_class, generate_uid())
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality = modality
    dataset.PatientID = dataset.PatientName = dataset.StudyID = dataset.AccessionNumber = ""
    dataset.PatientBirthDate = dataset.PatientSex = dataset.StudyDate = dataset.StudyTime = ""
    dataset.Manufacturer, dataset.SeriesNumber = "none", 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.SamplesPerPixel = 1 if stored.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if stored.ndim == 2 else "RGB"
    if stored.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * stored.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(stored.dtype, np.signedinteger))
    dataset.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
    return dataset


def write_picture(path: Path, stored: NDArray[Any], sop_class: str, modality: str, **tags: Any) -> Path:
    """Write stored values (rows, columns[, RGB]) as a DICOM file without a position in the patient."""
    dataset = image_dataset(sop_class, modality, stored)
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = generate_uid(), generate_uid()
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_report(path: Path) -> Path:
    """Write a structured report: DICOM without pixels."""
    dataset = pydicom.Dataset()
    dataset.file_meta = file_meta(BasicTextSRStorage, "1.2.3.4.5.6.7")
    dataset.SOPClassUID, dataset.SOPInstanceUID = BasicTextSRStorage, "1.2.3.4.5.6.7"
    dataset.Modality, dataset.SeriesInstanceUID, dataset.InstanceNumber = "SR", "1.2.3.4.5.6.8", 1
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_series(
    folder: Path,
    along: Sequence[float] = (0.0, 2.5, 5.0, 7.5, 10.0),
    orientation: Sequence[float] = AXIAL,
    size: tuple[int, int] = (5, 7),
    modality: str = "CT",
    edit: Callable[[pydicom.Dataset, int], None] | None = None,
    aside: float | ArrayLike = 0.0,
    stored: NDArray[Any] | None = None,
    uid: str | None = None,
    spacing: tuple[float, float] = PIXEL_SPACING,
    field: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None,
) -> Series:
    """Write slices, by default of random values; names and InstanceNumbers follow no spatial order.

    Args:
        folder: to write to, made where it is missing.
        along: places of the slices on their normal, in mm.
        orientation: ImageOrientationPatient.
        size: rows and columns.
        modality: "CT", with intercept -1024, or another, written as MR.
        edit: changes the data set of slice i before it is written.
        aside: drift down the columns in mm for each mm along, or the drift of every slice in mm, down the columns
            (slices) or along the rows and down the columns (slices, 2).
        stored: values (slices, rows, columns) in place of random ones.
        uid: of the series, or None for a new one.
        spacing: between rows and between columns, in mm.
        field: gives values in place of random ones, kept to 1/64, from points (..., 3), RAS in mm.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(len(along))
    across, down = np.array(orientation).reshape(2, 3)
    normal = np.cross(across, down)
    drift = np.multiply(along, aside) if isinstance(aside, float) else np.asarray(aside, dtype=float)
    drift = drift if drift.ndim == 2 else np.stack([np.zeros(len(along)), drift], axis=1)
    positions = np.array([-11.0, 22.0, 33.0]) + np.outer(along, normal) + drift @ np.stack([across, down])
    if field is not None:
        rows, columns = np.indices(size)
        in_plane = np.multiply.outer(columns * spacing[1], across) + np.multiply.outer(rows * spacing[0], down)
        values = field((positions[:, None, None] + in_plane) * [-1, -1, 1])
        stored = np.round(64 * values).astype(np.int32)
    if stored is None:
        stored = random.integers(0, 2000, (len(along), *size)).astype(np.int16)
    uid, study, frame_of_reference = uid or generate_uid(), generate_uid(), generate_uid()
    names = random.permutation(len(along))
    files = []
    for i, (values, position) in enumerate(zip(stored, positions, strict=True)):
        dataset = image_dataset(CTImageStorage if modality == "CT" else MRImageStorage, modality, values)
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID = uid, study
        dataset.FrameOfReferenceUID = frame_of_reference
        dataset.InstanceNumber = int(random.integers(1, 99))
        dataset.ImagePositionPatient = [f"{value:.10g}" for value in position]
        dataset.ImageOrientationPatient = [f"{value:.10g}" for value in orientation]
        dataset.PixelSpacing = [f"{value:.10g}" for value in spacing]
        dataset.SliceThickness = 2.5
        if modality == "CT":
            dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        if field is not None:
            dataset.RescaleSlope, dataset.RescaleIntercept = "0.015625", 0
        if edit is not None:
            edit(dataset, i)
        path = folder / f"IM{names[i]:03d}_{uid[-6:]}"
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
    return Series(folder, files, stored, positions, uid, orientation)


def assert_same_places(volume: Any, series: Series) -> None:
    """Walk all pixels of all files of a CT series by DICOM's own equation and look them up in the volume."""
    assert volume.shape == (series.stored.shape[2], series.stored.shape[1], series.stored.shape[0])
    inverse = np.linalg.inv(volume.affine.numpy())
    across, down = np.array(series.orientation).reshape(2, 3)
    rows, columns = np.indices(series.stored.shape[1:])
    between_rows, between_columns = PIXEL_SPACING
    in_plane = np.multiply.outer(across, columns * between_columns) + np.multiply.outer(down, rows * between_rows)
    for stored, position in zip(series.stored, series.positions, strict=True):
        lps = position[:, None, None] + in_plane
        ras = np.concatenate([lps * np.array([-1, -1, 1])[:, None, None], np.ones((1, *rows.shape))])
        index = np.tensordot(inverse, ras, axes=1)[:3]
        np.testing.assert_allclose(index, index.round(), atol=1e-6)
        np.testing.assert_array_equal(volume.numpy()[tuple(index.round().astype(int))], stored - 1024.0)
