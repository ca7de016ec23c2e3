"""Near-duplicates: images of a data set that show the same picture."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from srs_monai.data.loading.volumes import is_volume, stored_grid, to_seen_axes
from srs_monai.data.readers.array_file import array_values, is_array
from srs_monai.data.readers.medical import MedicalImageReader
from srs_monai.data.readers.nifti import is_nifti, open_nifti, unreadable
from srs_monai.data.readers.picture import PICTURE_SUFFIXES, opened, reasons
from srs_monai.progress import in_threads

NEAR_DUPLICATE = 0.98
_SIDE = 32  # pixels of the small copies
_MANY = 500  # pictures; progress is shown from this number
_THROUGH = 2  # axis of the slices, in viewer orientation and of DICOM volumes
_ROWS = 512  # rows of the correlation table in memory at a time
_DIGITS = 6  # of a correlation; processors differ beyond the 14th digit


def near_duplicates(
    paths: Sequence[str | Path], threshold: float = NEAR_DUPLICATE, *, progress: bool = True
) -> list[tuple[str, str, float]]:
    """Pairs of images that are the same picture, neighbouring frames or copies in other colours.

    Two images are compared by the correlation of their grey copies of 32 x 32 pixels, made by averaging. Size, aspect,
    brightness, contrast and compression do not matter; mirrored, rotated and cropped copies are not found. Volumes are
    compared by their middle slices in viewer orientation. A uniform image has no near-duplicates.

    The threshold was measured. Above 0.98 there are 118 pairs among the 647 images of BUSI, 16 among 2500 of ISIC 2018,
    1 among the 427 of SIRST and none among the 165 of GlaS. All pairs that were inspected are copies, and no group is
    larger than 4. Some copies correlate by 0.97 only, but SIRST's smooth skies are alike from 0.976 downward. The usual
    perceptual hash of 64 bits (`imagehash.phash`) misses SIRST's pair and joins different images earlier: at the 6 bits
    that find all pairs of BUSI above 0.99, it makes a group of 8 in half of ISIC 2018, and at 10 bits one of 73.
    `imagededup` does the same, or compares features of a network that it downloads.

    Args:
        paths: images that MedicalImageReader reads.
        threshold: correlation above which two images are a pair, between 0 and 1.
        progress: show a bar for many pictures, and for volumes.

    Returns:
        (first, second, correlation), the most alike first; `first` comes before `second` in `paths`. Correlations have
        six digits, so that pairs and their order are the same on every machine.

    Raises:
        ValueError: for a threshold outside these limits, and for images that cannot be read.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be a correlation between 0 and 1; got {threshold}")
    names = [str(path) for path in paths]
    found = [(names[i], names[j], value) for i, j, value in _alike(_copies(names, progress), threshold)]
    return sorted(found, key=lambda pair: -pair[2])


def groups_of_pairs(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Groups of two or more names that pairs connect, in the order of `names`."""
    if not pairs:
        return []
    number = {name: i for i, name in enumerate(names)}
    first, second = ([number[pair[side]] for pair in pairs] for side in (0, 1))
    links = coo_array((np.ones(len(pairs)), (first, second)), shape=(len(names), len(names)))
    groups: dict[int, list[str]] = {}
    for name, group in zip(names, connected_components(links, directed=False)[1].tolist(), strict=True):
        groups.setdefault(group, []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _copies(names: Sequence[str], progress: bool) -> NDArray[np.float64]:
    """Small copies as rows of mean 0 and length 1; rows of zeros for uniform images."""
    long = len(names) >= _MANY or not all(name.lower().endswith(PICTURE_SUFFIXES) for name in names)
    copies = in_threads(_copy, names, "comparing", progress=progress and long)
    rows = np.array(copies, dtype=np.float64).reshape(len(names), _SIDE * _SIDE)
    largest = np.abs(rows).max(axis=1, keepdims=True)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = lengths <= 1e-5 * largest
    return np.where(flat, 0, rows / np.where(flat, 1, lengths))


def _copy(name: str) -> NDArray[np.float32]:
    """The small grey copy of an image, as one row."""
    picture = _picture(name) if name.lower().endswith(PICTURE_SUFFIXES) else Image.fromarray(_middle(name))
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel()


def _picture(name: str) -> Image.Image:
    """A picture in grey; a JPEG is decoded no larger than needed."""
    with opened(name) as picture, reasons(name):
        picture.draft("L", (4 * _SIDE, 4 * _SIDE))
        if picture.mode.startswith(("I", "F")):  # Pillow clips these at 255
            return Image.fromarray(np.asarray(picture, dtype=np.float32))
        return picture.convert("L")


def _middle(name: str) -> NDArray[np.float32]:
    """The middle slice of a volume in viewer orientation, or the mean of a picture's channels."""
    if not is_volume(name):
        return np.ascontiguousarray(MedicalImageReader().get_data(name)[0].mean(axis=0))
    shape, affine = stored_grid(name)
    to_seen = to_seen_axes(affine, name)
    through = shape.index(1) if shape.count(1) == 1 else int(np.flatnonzero(to_seen[:, 0] == _THROUGH)[0])
    number = shape[through] // 2 if to_seen[through, 1] > 0 else shape[through] - 1 - shape[through] // 2
    plane = np.nan_to_num(np.asarray(_plane(name, through, number), dtype=np.float32))
    rows, columns = (axis for axis in range(3) if axis != through)
    plane = plane[:: int(to_seen[rows, 1]), :: int(to_seen[columns, 1])]
    return np.ascontiguousarray(plane if to_seen[rows, 0] < to_seen[columns, 0] else plane.T)


def _plane(name: str, axis: int, number: int) -> NDArray[Any]:
    """One plane of a volume, as it is stored. NIfTI and DICOM are read no further than needed."""
    if is_array(name):
        return np.asarray(np.take(array_values(name), number, axis=axis))
    if is_nifti(name):
        image = open_nifti(name)
        try:
            index = tuple(number if i == axis else slice(None) for i in range(min(image.ndim, 3)))
            kept = [length for i, length in enumerate((*image.shape, 1)[:3]) if i != axis]
            return np.asarray(image.dataobj[index] if image.ndim > axis else image.dataobj).reshape(kept)
        except Exception as error:  # a broken file makes the decompressors raise nearly anything
            raise unreadable(name, error) from error
    volume = MedicalImageReader().open(name)
    if volume is not None and volume.by_slices and axis == _THROUGH:
        return volume.values([number])[:, :, 0]
    whole = MedicalImageReader().get_data(name)[0] if volume is None else volume.whole()
    return np.asarray(np.take(whole, number, axis=axis))


def _alike(rows: NDArray[np.float64], threshold: float) -> Iterator[tuple[int, int, float]]:
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS] @ rows[start:].T
        block.round(_DIGITS, out=block)
        first, second = np.nonzero(np.triu(block, 1) > threshold)
        for i, j in zip(first.tolist(), second.tolist(), strict=True):
            yield start + i, start + j, float(block[i, j])
