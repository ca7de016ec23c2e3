"""Contours of DICOM RT structure sets as masks."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from srs_monai.dicom.header import DicomError
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.dicom.source import SourceGrid
from srs_monai.errors import one_line
from srs_monai.text import few

logger = logging.getLogger(__name__)

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_OFF_PLANE = 0.25  # of the slice spacing: largest distance of a contour from its slice


def rasterise_rtstruct(path: str | Path, grid: SourceGrid) -> dict[str, NDArray[np.bool_]]:
    """Fill the contours of a structure set on the slices that they were drawn on.

    A pixel belongs to a region if its centre lies inside an odd number of the region's contours on that slice. So inner
    contours and keyholes are holes. A centre on a contour is inside at the left and upper border, and outside at the
    right and lower border. Points and open contours enclose nothing and are skipped.

    Args:
        path: path of the structure set.
        grid: grid of the series that it was drawn on, see `dicom_slices`.

    Returns:
        Masks (columns, rows, slices) by the names of the regions, with the axes of `DicomReader` before any resampling.
        A repeated name gets a number, "GTV 2".

    Raises:
        DicomError: when the file cannot be read or is not a structure set, and when contours do not lie on a slice of
            the grid.
    """
    path = Path(path)
    names, regions = _regions(path)
    masks: dict[str, NDArray[np.bool_]] = {}
    for region, contours in regions:
        name = names.get(region) or "region"
        unique = name
        for number in range(2, len(regions) + 2):
            if unique not in masks:
                break
            unique = f"{name} {number}"
        masks[unique] = _filled(contours, grid, f"{unique!r} in {path}")
    return masks


def region_masks(path: Path, grid: SourceGrid, numbers: Collection[int]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """The masks of some structures, as `rasterise_rtstruct` fills them, by their ROI numbers.

    Raises:
        DicomError: as `rasterise_rtstruct` does.
    """
    names, regions = _regions(path)
    for region, contours in regions:
        if region in numbers:
            yield region, _filled(contours, grid, f"{names.get(region, '')!r} in {path}")


def _regions(path: Path) -> tuple[dict[int, str], list[tuple[int, list[NDArray[np.float64]]]]]:
    """The names of the regions by their numbers, and the contours of each."""
    try:
        with library_warnings(path):
            dataset = pydicom.dcmread(path)
            sop_class = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
            if sop_class != RTStructureSetStorage:
                raise DicomError(f"contours need an RT structure set, but {path} is not one; name another file")
            names = {int(roi.ROINumber): str(roi.get("ROIName") or "") for roi in dataset.StructureSetROISequence}
            regions = [
                (int(region.ReferencedROINumber), _closed(region, path))
                for region in dataset.get("ROIContourSequence") or ()
            ]
    except DicomError:
        raise
    except Exception as error:  # broken files make pydicom raise nearly anything
        raise DicomError(f"the contours of {path} cannot be read: {one_line(error)}; fetch the file again") from error
    return names, regions


def _closed(region: Dataset, path: Path) -> list[NDArray[np.float64]]:
    """The closed contours of a region, points (n, 3) in the patient's coordinates, LPS in mm."""
    contours, others = [], []
    for contour in region.get("ContourSequence") or ():
        if contour.ContourGeometricType in _CLOSED:
            contours.append(_numbers(contour).reshape(-1, 3))
        else:
            others.append(str(contour.ContourGeometricType))
    if others:
        logger.warning("%s: skipped %d contours that enclose nothing: %s", path, len(others), few(set(others)))
    return contours


def _numbers(contour: Dataset) -> NDArray[np.float64]:
    """The numbers of a contour, from the text in the file if pydicom has not parsed it yet: its parser is slow."""
    value = contour.get_item("ContourData").value
    numbers = value.decode("ascii").strip("\0 ").split("\\") if isinstance(value, bytes) else value
    return np.array(numbers, dtype=np.float64)


def _filled(contours: Iterable[NDArray[np.float64]], grid: SourceGrid, name: str) -> NDArray[np.bool_]:
    normal = grid.affines[0][:3, 2]
    places = np.array([affine[:3, 3] @ normal for affine in grid.affines])
    tolerance = _OFF_PLANE * float(np.diff(places).min()) if len(places) > 1 else 0.5
    on_slice: dict[int, list[NDArray[np.float64]]] = {}
    for lps in contours:
        ras = lps * [-1, -1, 1]
        along = ras @ normal
        number = int(np.abs(places - along.mean()).argmin())
        if np.abs(along - places[number]).max() > tolerance:
            raise DicomError(
                f"contours must lie on the slices that they were drawn on, but one of {name} lies at {along.min():.2f} "
                f"to {along.max():.2f} mm, and the nearest slice of {grid.paths[0].parent} at {places[number]:.2f} mm; "
                f"name the series that the structure set refers to"
            )
        to_pixels = np.linalg.inv(grid.affines[number])[:2]
        on_slice.setdefault(number, []).append(ras @ to_pixels[:, :3].T + to_pixels[:, 3])
    mask = np.zeros((grid.columns, grid.rows, len(places)), dtype=bool)
    for number, polygons in on_slice.items():
        mask[:, :, number] = _inside(polygons, grid.columns, grid.rows)
    return mask


def _inside(polygons: Sequence[NDArray[np.float64]], columns: int, rows: int) -> NDArray[np.bool_]:
    """Pixels (columns, rows) whose centres lie inside an odd number of polygons, each (n, 2) of (column, row).

    Every edge that crosses a row inverts the pixels to its right.
    """
    turned = np.zeros((columns + 1, rows), dtype=bool)
    for polygon in polygons:
        a, b = polygon, np.roll(polygon, -1, axis=0)
        swapped = a[:, 1] > b[:, 1]  # downwards, so that an edge is the same both ways
        upper, lower = np.where(swapped[:, None], b, a), np.where(swapped[:, None], a, b)
        first = np.ceil(upper[:, 1]).clip(0, rows).astype(np.int64)
        behind = np.ceil(lower[:, 1]).clip(0, rows).astype(np.int64)
        count = behind - first
        edge = np.repeat(np.arange(len(polygon)), count)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        slope = (lower - upper)[edge]
        crossing = upper[edge, 0] + (row - upper[edge, 1]) * slope[:, 0] / slope[:, 1]
        column = np.ceil(crossing).clip(0, columns).astype(np.int64)
        np.logical_xor.at(turned, (column, row), True)
    return np.asarray(np.logical_xor.accumulate(turned, axis=0)[:-1])
