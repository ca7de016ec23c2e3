"""Where the pixels of DICOM slices lie in the patient."""

from collections.abc import Sequence

import numpy as np
from highdicom import spatial
from numpy.typing import NDArray

from srs_monai.dicom.header import DicomError, Header

# Array axes are (columns, rows, slices): the first runs right along a row, the second down a column.
_INDEX_CONVENTION = "RD"
_SAME = 1e-4  # between directions, and between pixel spacings in mm
SAME_PLACE = 0.01  # mm
_HU = ("", "HU", "HU_MOD", "US")  # RescaleType; US: unspecified, which scanners write beside HU


def check_slice(header: Header) -> None:
    """Reject a slice whose header does not state the position of its pixels or the meaning of its values."""
    for tag, value, way_out in (
        ("ImagePositionPatient", header.position, "export the series again from its archive"),
        ("ImageOrientationPatient", header.orientation, "export the series again from its archive"),
        ("PixelSpacing", header.pixel_spacing, "write it into the header; distances cannot be guessed"),
    ):
        if value is None:
            raise DicomError(f"a slice of a volume must have {tag}, but {header.path} has none; {way_out}")
    if min(header.pixel_spacing or ()) <= 0:
        raise DicomError(f"PixelSpacing must be above 0 mm, but {header.path} has {header.pixel_spacing}; correct it")
    across, down = np.array(header.orientation).reshape(2, 3)
    if not np.allclose([across @ across, down @ down, across @ down], [1, 1, 0], atol=1e-3):
        raise DicomError(
            f"ImageOrientationPatient must be two unit vectors at right angles, but {header.path} has "
            f"{list(header.orientation or ())}; correct the header"
        )
    if header.modality == "CT" and not header.rescaled:
        raise DicomError(
            f"CT needs RescaleSlope and RescaleIntercept to give HU, but {header.path} lacks them; "
            f"write them into the header (often 1 and -1024)"
        )
    if header.modality == "CT" and header.rescale_type not in _HU:
        raise DicomError(
            f"CT must be in HU, but {header.path} has the RescaleType {header.rescale_type!r}; name a series of the "
            f"study in HU"
        )
    if header.rescale is not None and header.rescale[0] == 0:
        raise DicomError(f"RescaleSlope must not be 0, but it is 0 in {header.path}; correct the header")


def same_grid(one: Header, other: Header) -> bool:
    """Whether two slices agree in modality, size, directions, spacing and frame of reference, as in one volume."""
    return (
        (one.modality, one.secondary_capture, one.rows, one.columns, one.frame_of_reference)
        == (other.modality, other.secondary_capture, other.rows, other.columns, other.frame_of_reference)
        and _close(one.orientation, other.orientation)
        and _close(one.pixel_spacing, other.pixel_spacing)
    )


def described(header: Header) -> str:
    """Modality, size, spacing and directions of a slice in words."""
    spacing = " x ".join(f"{value:g}" for value in header.pixel_spacing or ())
    directions = "\\".join(f"{value:.4g}" for value in header.orientation or ())
    kind = f"{header.modality or 'no modality'}{' secondary capture' if header.secondary_capture else ''}"
    return f"{kind} of {header.columns} x {header.rows} pixels of {spacing} mm at {directions}"


def in_order(slices: Sequence[Header]) -> list[Header]:
    """Slices of one grid sorted by position along their normal, never by number; at one place, by file and frame."""
    places = along_normal(slices)
    order = sorted(range(len(slices)), key=lambda i: (places[i], slices[i].path, slices[i].frame))
    return [slices[i] for i in order]


def along_normal(slices: Sequence[Header]) -> NDArray[np.float64]:
    """The position of each slice along the normal of the first slice, in mm."""
    return np.asarray(_positions(slices) @ slice_axes(slices[0])[2])


def in_plane_offsets(slices: Sequence[Header]) -> NDArray[np.float64]:
    """The offset of each slice from the first along rows and columns, in pixels, (slices, 2)."""
    across, down, _ = slice_axes(slices[0])
    between_rows, between_columns = slices[0].pixel_spacing or (1.0, 1.0)
    drift = _positions(slices) - np.array(slices[0].position)
    return np.stack([drift @ across / between_columns, drift @ down / between_rows], axis=1)


def slice_axes(header: Header) -> NDArray[np.float64]:
    """Unit vectors in DICOM's coordinates: along a row, down a column and the normal, (3, 3)."""
    across, down = np.array(header.orientation).reshape(2, 3)
    normal = spatial.get_normal_vector(header.orientation, index_convention=_INDEX_CONVENTION)
    axes = np.stack([across, down, normal])
    return np.asarray(axes / np.linalg.norm(axes, axis=1, keepdims=True))


def slice_affine(first: Header, spacing: float = 1.0) -> NDArray[np.float64]:
    """Voxel (column, row, slice) to RAS in mm, where slices follow `first` every `spacing` mm along its normal."""
    lps = spatial.create_affine_matrix_from_attributes(
        image_position=first.position,
        image_orientation=first.orientation,
        pixel_spacing=first.pixel_spacing,
        spacing_between_slices=spacing,
        index_convention=_INDEX_CONVENTION,
    )
    return np.asarray(spatial.convert_affine_to_convention(lps, "LPS", "RAS"), dtype=np.float64)


def _positions(slices: Sequence[Header]) -> NDArray[np.float64]:
    return np.array([header.position for header in slices], dtype=np.float64)


def _close(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.allclose(one, other, rtol=0, atol=_SAME)
