"""What the networks see: pictures of a folder, phantoms, and a CT study as DICOM files."""

from pathlib import Path

import numpy as np
import pydicom
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from scipy.ndimage import gaussian_filter
from torch import Tensor

from measure.subjects import SEED
from srs_monai.data.phantom_tissue import phantom

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def images(folder: Path | None, count: int, size: tuple[int, int]) -> Tensor:
    """Images (count, 3, height, width) from 0 to 1: those of a folder, repeated where it has fewer, or phantoms.

    Raises:
        ValueError: for a folder without pictures.
    """
    if folder is None:
        return torch.stack([_phantom(number, size)[0] for number in range(count)])
    files = picture_files(folder)
    read = [_picture(path, size) for path in files[:count]]
    return torch.stack([read[number % len(read)] for number in range(count)])


def labelled_images(folder: Path | None, count: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Images as `images` gives them and their masks (count, 1, height, width), 0 and 1.

    Args:
        folder: holds images/ and masks/, of the same names.
        count: of the images.
        size: height and width.

    Raises:
        ValueError: for a folder without pictures, and for a picture without a mask.
    """
    if folder is None:
        made = [_phantom(number, size) for number in range(count)]
        return torch.stack([image for image, _ in made]), torch.stack([mask for _, mask in made])
    files = picture_files(folder / "images")[:count]
    masks = [folder / "masks" / path.name for path in files]
    for mask in masks:
        if not mask.is_file():
            raise ValueError(f"a picture has a mask of its name, but {mask} is not there; name another folder")
    pairs = [(_picture(path, size), _mask(mask, size)) for path, mask in zip(files, masks, strict=True)]
    chosen = [pairs[number % len(pairs)] for number in range(count)]
    return torch.stack([image for image, _ in chosen]), torch.stack([mask for _, mask in chosen])


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder, in the order of their names.

    Raises:
        ValueError: when there are none.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not files:
        raise ValueError(f"images are PNG, JPEG, BMP or TIFF files, but {folder} holds none; name another folder")
    return files


def _picture(path: Path, size: tuple[int, int]) -> Tensor:
    with Image.open(path) as picture:
        grey = picture.convert("RGB")
    pixels = torch.from_numpy(np.asarray(grey, dtype=np.float32) / 255).permute(2, 0, 1)[None]
    return F.interpolate(pixels, size=size, mode="bilinear", antialias=True)[0].clamp(0, 1)


def _mask(path: Path, size: tuple[int, int]) -> Tensor:
    with Image.open(path) as picture:
        grey = picture.convert("L")
    pixels = torch.from_numpy((np.asarray(grey) > 127).astype(np.float32))[None, None]
    return F.interpolate(pixels, size=size, mode="nearest-exact")[0]


def _phantom(number: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng((SEED, number))
    image, mask = phantom(size, random, lesions=1 + number % 2)
    pixels = torch.from_numpy(image.astype(np.float32) / 255).expand(3, -1, -1).contiguous()
    return pixels, torch.from_numpy(mask.astype(np.float32))[None]


AIR, FAT, TISSUE, BONE = -1000.0, -100.0, 40.0, 700.0  # HU
NOISE = 12.0  # HU, one standard deviation
SPACING = (0.8, 0.8, 1.25)  # mm between rows, columns and slices
ROOT_UID = "1.2.826.0.1.3680043.8.498."
AIR_SHARE = 0.05  # of the slices, at either end


def write_study(folder: Path, slices: int, side: int = 512) -> int:
    """Write a made-up CT series, always the same, as large and as compressible as a real one; one file a slice.

    Args:
        folder: gets the files; made where it is missing.
        slices: how many.
        side: of a slice, in pixels.

    Returns:
        The number of slices at both ends that hold only air.
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
