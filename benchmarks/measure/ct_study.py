"""A CT study as DICOM files, made up: as large as a real one and as compressible, and always the same."""

from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from scipy.ndimage import gaussian_filter

AIR, FAT, TISSUE, BONE = -1000.0, -100.0, 40.0, 700.0  # HU
NOISE = 12.0  # HU, one standard deviation
SPACING = (0.8, 0.8, 1.25)  # mm between rows, columns and slices
ROOT_UID = "1.2.826.0.1.3680043.8.498."
AIR_SHARE = 0.05  # of the slices, at either end


def write_study(folder: Path, slices: int, side: int = 512) -> int:
    """Write a series, one file a slice.

    Args:
        folder: gets the files; made where it is missing.
        slices: how many.
        side: of a slice, in pixels.

    Returns:
        How many slices, at both ends, hold nothing but air.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(slices)
    noise = NOISE * random.standard_normal((side, side))
    texture = gaussian_filter(random.standard_normal((side, side)), side / 64)
    texture *= 15 / texture.std()
    air = int(AIR_SHARE * slices)
    for number in range(slices):
        place = (number - air) / max(1, slices - 2 * air - 1)  # 0 to 1 where there is a body
        inside = air <= number < slices - air
        values = _body(side, place, texture) if inside else np.full((side, side), AIR)
        values = values + np.roll(noise, (37 * number, 91 * number), (0, 1))
        _dataset(values, number, slices).save_as(folder / f"{number:05d}.dcm", enforce_file_format=True)
    return 2 * air


def _body(side: int, place: float, texture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hounsfield units of a slice: fat around soft tissue with organs, a spine and ribs."""
    y, x = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side), indexing="ij", sparse=True)
    width = 0.75 + 0.1 * np.sin(np.pi * place)

    def ellipse(row: float, column: float, height: float, breadth: float) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = ((y - row) / height) ** 2 + ((x - column) / breadth) ** 2 < 1
        return inside

    values = np.full((side, side), AIR)
    values[ellipse(0, 0, 0.6, width)] = FAT
    tissue = ellipse(0, 0, 0.54, width - 0.08)
    values[tissue] = TISSUE + texture[tissue]
    liver = ellipse(-0.05, -0.3, 0.35 * np.sin(np.pi * min(1, place * 1.4)) + 0.01, 0.32)
    values[liver] = 95 + texture[liver] / 2
    kidney = ellipse(0.22, 0.35, 0.12, 0.1) | ellipse(0.22, -0.4, 0.12, 0.1)
    values[kidney] = 160
    values[ellipse(-0.2, 0.15 + 0.1 * np.sin(9 * place), 0.1, 0.15)] = -600  # gas
    values[ellipse(0.33, 0, 0.11, 0.1)] = BONE
    values[ellipse(0, 0, 0.5, width - 0.12) & ~ellipse(0, 0, 0.47, width - 0.15) & (np.cos(40 * (x + place)) > 0.8)] = (
        BONE
    )
    return values


def _dataset(values: NDArray[np.float64], number: int, slices: int) -> pydicom.Dataset:
    """One slice of Hounsfield units as a CT image."""
    stored = np.clip(np.rint(values) + 1024, 0, 4095).astype(np.uint16)
    series = f"{ROOT_UID}{slices}"
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID(f"{series}.1.{number + 1}")
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{series}.2", f"{series}.3"
    dataset.FrameOfReferenceUID = f"{series}.4"
    dataset.Modality, dataset.Manufacturer, dataset.SeriesNumber = "CT", "none", 1
    dataset.PatientName = dataset.PatientID = "made up"
    dataset.PatientBirthDate = dataset.PatientSex = dataset.StudyID = dataset.AccessionNumber = ""
    dataset.StudyDate = dataset.StudyTime = ""
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.InstanceNumber = number + 1
    dataset.ImagePositionPatient = [0, 0, SPACING[2] * number]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = list(SPACING[:2]), SPACING[2]
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = stored.tobytes()
    return dataset
