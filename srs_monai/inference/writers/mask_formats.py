"""The formats in which masks are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.folder import FRAME_NAME
from srs_monai.dicom.header import Kind
from srs_monai.dicom.header_cache import file_record
from srs_monai.dicom.source import Pictures, find_dicom
from srs_monai.inference.results.mask import Mask
from srs_monai.inference.results.packed_labels import PackedLabels, planes_of
from srs_monai.inference.results.result_names import MASK, NIFTI_ENDING, PNG_ENDING
from srs_monai.inference.results.sidecar import Run
from srs_monai.inference.writers.dicom_seg import write_dicom_seg, write_frame_seg
from srs_monai.inference.writers.nifti_writer import write_nifti, write_picture_nifti
from srs_monai.inference.writers.png_writer import write_mask_png
from srs_monai.inference.writers.rtstruct import write_rtstruct

SEG, RTSTRUCT, DICOM_ENDING = "_seg", "_rtstruct", ".dcm"
FORMATS = ("auto", "nifti", "dicom-seg", "rtstruct", "png")
_OF_DICOM = ("dicom-seg", "rtstruct")


@dataclass(frozen=True)
class Written:
    """The files that were written, and what has to be said of them, a sentence each."""

    files: Sequence[Path]
    warnings: Sequence[str] = ()


def check_format(name: str) -> str:
    """The name of a format, given back.

    Raises:
        ValueError: when there is no such format.
    """
    if name not in FORMATS:
        raise ValueError(f"format is one of {', '.join(FORMATS)}; got {name!r}")
    return name


def check_source(source: str | Path, format: str) -> None:
    """Refuse, before it is segmented, a source whose mask cannot be written in a format.

    A folder or series is DICOM; of a file the header is read.

    Raises:
        ValueError: naming the source.
    """
    file = next((path for path in (Path(source), Path(source).parent) if path.is_file()), None)
    if format not in _OF_DICOM or file is None:
        return
    record = file_record(file)
    if not record.is_dicom:
        raise _no_dicom(format, source)
    if format == "rtstruct" and record.header.kind in (Kind.PICTURE, Kind.FRAMES):
        raise _no_place(source)


def format_of(mask: Mask, asked: str) -> str:
    """The format that a mask is written in: "auto" is NIfTI for volumes and PNG for pictures.

    Raises:
        ValueError: naming the source, when it cannot be written in the format that was asked for.
    """
    if asked == "auto":
        return "nifti" if mask.is_volume else "png"
    if asked in _OF_DICOM and not mask.is_dicom:
        raise _no_dicom(asked, mask.source or "the image")
    if asked == "rtstruct" and not mask.is_volume:
        raise _no_place(mask.source)
    return asked


def write_mask(mask: Mask, stem: Path, format: str, run: Run, binary: bool) -> Written:
    """Write a mask, once it is known that its format is possible (`format_of`).

    Args:
        mask: what is written.
        stem: folder and beginning of the names of the files.
        format: nifti, dicom-seg, rtstruct or png.
        run: for those formats that say what they were made with.
        binary: whether PNG files hold 0 and 255 rather than numbers of labels.
    """
    if format == "dicom-seg":
        return _seg(mask, str(stem), run)
    if format == "rtstruct":
        path = Path(f"{stem}{RTSTRUCT}{DICOM_ENDING}")
        return Written([path], write_rtstruct(path, mask.values, mask.affine, mask.source, mask.labels, run))
    if format == "nifti":
        return _nifti(mask, f"{stem}{MASK}")
    return _png(mask, f"{stem}{MASK}", binary)


def write_nifti_on_grid(path: Path, values: NDArray[Any] | PackedLabels, mask: Mask) -> None:
    """Write values on the grid of a mask, or with channels behind its axes, as NIfTI."""
    if mask.is_volume:
        source = mask.source if mask.meta.get("source_kind") == "nifti" else None
        unit = "unknown" if mask.meta.get("spacing_unit") == "pixels" else "mm"
        write_nifti(path, values, mask.affine, source, unit)
    else:
        plain = np.asarray(values)
        write_picture_nifti(path, plain[:, :, None] if mask.values.ndim == 2 else plain)


def _seg(mask: Mask, stem: str, run: Run) -> Written:
    """A segmentation object; of a sequence of pictures, one for each frame in a folder."""
    path = Path(f"{stem}{SEG}{DICOM_ENDING}")
    if mask.is_volume:
        return Written([path], write_dicom_seg(path, mask.values, mask.affine, mask.source, mask.labels, run))
    found = find_dicom(mask.source)
    if not isinstance(found, Pictures):
        raise ValueError(f"a mask of pixels belongs to a picture, but {mask.source} is a volume; read it as one")
    file, frames = found.header.path, np.asarray(mask.values)
    if frames.ndim == 2:
        return Written([path], write_frame_seg(path, frames, file, (found.frame or 0) + 1, mask.labels, run))
    paths, notes = [], list[str]()
    for number, values in enumerate(np.moveaxis(frames, -1, 0), 1):
        paths.append(Path(f"{stem}{SEG}") / f"{FRAME_NAME.format(number)}{DICOM_ENDING}")
        notes = write_frame_seg(paths[-1], values, file, number, mask.labels, run)
    return Written(paths, notes)


def _nifti(mask: Mask, stem: str) -> Written:
    path = Path(f"{stem}{NIFTI_ENDING}")
    write_nifti_on_grid(path, mask.values, mask)
    return Written([path])


def _png(mask: Mask, stem: str, binary: bool) -> Written:
    """A picture's mask, or a folder of those of a volume's slices, in which columns run along its first axis.

    Slices of an array file's volume are as they are stored.
    """
    values = mask.values
    if values.ndim == 2:
        path = Path(f"{stem}{PNG_ENDING}")
        write_mask_png(path, np.asarray(values), binary)
        return Written([path])
    if mask.meta.get("source_kind") == "array":
        planes = iter(np.asarray(values))  # slices first, as arrays are laid out
    else:
        planes = (plane.T if mask.is_volume else plane for plane in planes_of(values))
    what = "slice" if mask.is_volume else "frame"
    paths = []
    for number, plane in enumerate(planes, 1):
        paths.append(Path(stem) / f"{what}_{number:04d}{PNG_ENDING}")
        write_mask_png(paths[-1], plane, binary)
    return Written(paths)


def _no_dicom(format: str, source: str | Path) -> ValueError:
    return ValueError(
        f"format {format} refers to the DICOM files that were segmented, but {source} is none; use format nifti or png"
    )


def _no_place(source: str | Path) -> ValueError:
    return ValueError(
        f"format rtstruct has contours in the patient's coordinates, but {source} is a picture without a place in the "
        f"patient; use format dicom-seg or png"
    )
