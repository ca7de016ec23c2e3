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
    """The files that were written, and warnings about them, one sentence each."""

    files: Sequence[Path]
    warnings: Sequence[str] = ()


def check_format(name: str) -> str:
    """The name of a format, checked.

    Raises:
        ValueError: for an unknown format.
    """
    if name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}; got {name!r}")
    return name


def check_source(source: str | Path, format: str) -> None:
    """Reject a source whose mask cannot be written in a format, before it is segmented.

    A folder or series is DICOM; the header of a file is read.

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


def format_of(mask: Mask, requested: str) -> str:
    """The format of a mask: "auto" is NIfTI for volumes and PNG for pictures.

    Raises:
        ValueError: naming the source, if its mask cannot be written in the requested format.
    """
    if requested == "auto":
        return "nifti" if mask.is_volume else "png"
    if requested in _OF_DICOM and not mask.is_dicom:
        raise _no_dicom(requested, mask.source or "the image")
    if requested == "rtstruct" and not mask.is_volume:
        raise _no_place(mask.source)
    return requested


def write_mask(mask: Mask, stem: Path, format: str, run: Run, binary: bool) -> Written:
    """Write a mask in a format that `format_of` gave for it.

    Args:
        mask: the mask.
        stem: folder and beginning of the file names.
        format: nifti, dicom-seg, rtstruct or png.
        run: weights, settings and software of the run, for DICOM formats.
        binary: whether PNG files hold 0 and 255, not the numbers of labels.
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
    """Write values on the grid of a mask as NIfTI; further axes are channels."""
    if mask.is_volume:
        source = mask.source if mask.meta.get("source_kind") == "nifti" else None
        unit = "unknown" if mask.meta.get("spacing_unit") == "pixels" else "mm"
        write_nifti(path, values, mask.affine, source, unit)
    else:
        plain = np.asarray(values)
        write_picture_nifti(path, plain[:, :, None] if mask.values.ndim == 2 else plain)


def _seg(mask: Mask, stem: str, run: Run) -> Written:
    """Write a segmentation object, or a folder of objects for the frames of a sequence of pictures."""
    path = Path(f"{stem}{SEG}{DICOM_ENDING}")
    if mask.is_volume:
        return Written([path], write_dicom_seg(path, mask.values, mask.affine, mask.source, mask.labels, run))
    found = find_dicom(mask.source)
    if not isinstance(found, Pictures):
        raise ValueError(f"the mask is that of a picture, but {mask.source} is a volume; read the source as a volume")
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
    """Write the mask of a picture, or a folder with the masks of a volume's slices or a sequence's frames.

    Columns of a slice run along the first axis of the volume. Slices of an array file keep their stored axes.
    """
    values = mask.values
    if values.ndim == 2:
        path = Path(f"{stem}{PNG_ENDING}")
        write_mask_png(path, np.asarray(values), binary)
        return Written([path])
    if mask.meta.get("source_kind") == "array":
        planes = iter(np.asarray(values))  # the first axis of array files runs through slices
    else:
        planes = (plane.T if mask.is_volume else plane for plane in planes_of(values))
    what = "slice" if mask.is_volume else "frame"
    paths = []
    for number, plane in enumerate(planes, 1):
        paths.append(Path(stem) / f"{what}_{number:04d}{PNG_ENDING}")
        write_mask_png(paths[-1], plane, binary)
    return Written(paths)


def _no_dicom(format: str, source: str | Path) -> ValueError:
    return ValueError(f"format {format} refers to DICOM files, but {source} is not DICOM; use format nifti or png")


def _no_place(source: str | Path) -> ValueError:
    return ValueError(
        f"format rtstruct has contours in the patient's coordinates, but {source} is a picture without a position in "
        f"the patient; use format dicom-seg or png"
    )
