"""The reader that configurations name; it chooses the reader of a format by the content of a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import ensure_tuple
from numpy.typing import NDArray

from srs_monai.data.readers.array_file import is_array
from srs_monai.data.readers.arrays import ArrayReader
from srs_monai.data.readers.deferred import DeferredReader
from srs_monai.data.readers.dicom_reader import DicomReader
from srs_monai.data.readers.nifti import NiftiReader, is_nifti
from srs_monai.data.readers.open_volume import OpenVolume
from srs_monai.data.readers.picture import PictureReader
from srs_monai.dicom.header import is_dicom_name
from srs_monai.dicom.header_cache import file_record
from srs_monai.errors import one_line


class MedicalImageReader(DeferredReader):
    """Read DICOM by its content, NIfTI and array files by their names, and any other file as a picture.

    `DicomReader` reads folders, several files, series or frames (names below a folder or file), and files with DICOM's
    mark, whatever their name. Volumes are (X, Y, Z), from array files (slices, H, W), with a RAS affine; pictures are
    (C, H, W). `LoadImaged(keys, reader=MedicalImageReader(), ensure_channel_first=True)` gives (C, X, Y, Z) and
    (C, H, W). The meta data have no unknown values, because batches cannot hold None; meta["notes"] and
    meta["left_out"] may be "".

    Args:
        resample_uneven: see `DicomReader`.

    Raises:
        ValueError: from get_data, as the four readers do.
    """

    def __init__(self, resample_uneven: bool = False) -> None:
        super().__init__()
        self.dicom = DicomReader(resample_uneven=resample_uneven)
        self.nifti, self.array, self.picture = NiftiReader(), ArrayReader(), PictureReader()

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read the image and its meta data."""
        paths = tuple(ensure_tuple(img))
        array, meta = self._reader_of(paths).get_data(paths)
        return array, _known(meta)

    def open(self, img: Sequence[PathLike] | PathLike) -> OpenVolume | None:
        """A volume whose slices can be read a few at a time; None for other images, which get_data reads.

        Raises:
            ValueError: as get_data, except for faults of the voxels.
        """
        paths = tuple(ensure_tuple(img))
        reader = self._reader_of(paths)
        volume = reader.open(paths) if isinstance(reader, DicomReader | NiftiReader) else None
        if volume is not None:
            volume.meta = _known(volume.meta)
        return volume

    def _reader_of(self, paths: Sequence[PathLike]) -> ImageReader:
        try:
            return self._by_content(paths)
        except OSError as error:
            raise ValueError(f"{paths[0]} cannot be opened: {one_line(error)}; check its permissions") from error

    def _by_content(self, paths: Sequence[PathLike]) -> ImageReader:
        if len(paths) != 1 or Path(paths[0]).is_dir():
            return self.dicom
        first = Path(paths[0])
        if is_array(first):
            return self.array
        if first.is_file():
            return self.dicom if file_record(first).is_dicom or is_dicom_name(first) else self._by_name(first)
        return self._by_name(first) if first.parent.is_dir() and self._has_known_ending(first) else self.dicom

    def _by_name(self, path: Path) -> NiftiReader | PictureReader:
        return self.nifti if is_nifti(path) else self.picture

    def _has_known_ending(self, path: Path) -> bool:
        return is_nifti(path) or self.picture.verify_suffix(path)


def _known(meta: dict[str, Any]) -> dict[str, Any]:
    """Meta data without unknown values."""
    return {"notes": "", "left_out": ""} | {key: value for key, value in meta.items() if value is not None}
