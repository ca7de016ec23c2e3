"""What a reader makes of DICOM input, in words, judged against the truth that the input was made from."""

import itertools
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import ImageReader, MetaTensor
from monai.transforms import EnsureChannelFirst
from numpy.typing import NDArray

Field = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_PLACE = 1e-3  # of a voxel
_LENGTH = 1e-4  # mm
_AIR = -1000.0


@dataclass(frozen=True)
class Volume:
    """Slices where they lie.

    Args:
        values: (slices, rows, columns); NaN where nothing was measured, which any value of air may stand for.
        affines: (column, row, 0) of each slice to RAS in mm, (slices, 4, 4).
        field: the value at every place, RAS in mm (..., 3); what a resampled volume is judged by.
        tolerance: of values.
    """

    values: NDArray[np.float64]
    affines: NDArray[np.float64]
    field: Field | None = None
    tolerance: float = 1e-3


@dataclass(frozen=True)
class Picture:
    """A picture (C, H, W) or a sequence of them (C, H, W, F), without a position in the patient."""

    values: NDArray[np.float64]
    tolerance: float = 1e-3


@dataclass(frozen=True)
class Given:
    """Input for a reader.

    Args:
        source: what is named.
        truths: each of them would be right; none: the input does not tell the truth, and must be refused.
        unknown: what a reader that goes on without a truth makes up.
        to_be_said: whether the right result is right only when something is said with it.
        options: of the reader of srs_monai.
    """

    source: Path | Sequence[Path]
    truths: Sequence[Volume | Picture] = ()
    unknown: str = ""
    to_be_said: bool = False
    options: tuple[tuple[str, Any], ...] = ()


def verdict(reader: ImageReader, given: Given, folder: Path, refusal: type[BaseException] = BaseException) -> str:
    """One of "right", "right, said", "wrong: ...", "warns, wrong: ...", "refused: ..." and "fails: ...".

    A refusal is an error of the given kind; any other error is a failure of the reader.

    A reader says something when it warns or when its meta data has a note. What goes to the terminal behind Python's
    back is not heard by a program, and does not count.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            array, meta = reader.get_data(reader.read(given.source))
            image = EnsureChannelFirst()(MetaTensor(np.array(array), meta=meta))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the panic of pylibjpeg-rle is not an Exception
            kind = "refused" if isinstance(error, refusal) else "fails"
            return f"{kind}: {_words(error, given, folder)}"
    values, affine = image.numpy(), image.affine.numpy()
    said = bool(meta.get("left_out") or meta.get("notes") or any(_counts(warning) for warning in caught))
    if not given.truths:
        return _wrong(given.unknown, said)
    faults = [fault(values, affine, truth) for truth in given.truths]
    if "" not in faults:
        return _wrong(faults[0], said)
    if given.to_be_said and not said:
        return "wrong: says nothing"
    return "right, said" if said else "right"


def kind_of(words: str) -> str:
    """A verdict without the words of a refusal."""
    return "refused" if words.startswith("refused: ") else words


def is_silent_error(words: str) -> bool:
    """Whether a verdict means that a program goes on with wrong data unaware."""
    return words.startswith("wrong")


def _wrong(what: str, said: bool) -> str:
    return f"warns, wrong: {what}" if said else f"wrong: {what}"


def _counts(warning: warnings.WarningMessage) -> bool:
    return issubclass(warning.category, UserWarning)


def _words(error: BaseException, given: Given, folder: Path) -> str:
    """The words of an error, without what differs from run to run."""
    text = " ".join(str(error).split())
    beside = given.source.parent if isinstance(given.source, Path) else folder
    for path in sorted({folder, beside}, key=lambda path: -len(str(path))):
        text = text.replace(f"{path}/", "").replace(str(path), "the folder")
    text = re.sub(r"\b\d+(\.\d+){5,}", "UID", text)
    return re.sub(r"\b(IM\d{3})_\d+", r"\1", text) or type(error).__name__


def fault(image: NDArray[Any], affine: NDArray[np.float64], truth: Volume | Picture) -> str:
    """What is wrong with a channel-first image; nothing: ""."""
    return _picture_fault(image, truth) if isinstance(truth, Picture) else _volume_fault(image, affine, truth)


def _picture_fault(image: NDArray[Any], truth: Picture) -> str:
    turned = truth.values.swapaxes(1, 2)  # MONAI's readers give columns first
    as_volume = image[..., 0] if image.ndim == 4 and image.shape[-1] == 1 else image
    for expected in (truth.values, turned):
        for met in (image, as_volume):
            if met.shape == expected.shape and _same(met, expected, truth.tolerance):
                return ""
    same_axes = as_volume.shape in (truth.values.shape, turned.shape)
    if same_axes:
        return "values"
    return "axes" if as_volume.size == truth.values.size else "values (numbers of a palette for colours)"


def _volume_fault(image: NDArray[Any], affine: NDArray[np.float64], truth: Volume) -> str:
    count, rows, columns = truth.values.shape
    if image.shape[0] != 1:
        return "axes"
    volume = image[0][..., None] if image.ndim == 3 else image[0]
    if volume.ndim != 3:
        return "axes"
    if truth.field is not None and _is_field(volume, affine, truth):
        return ""
    if volume.shape == (columns, rows, count) and _all_in_place(volume, affine, truth):
        return ""
    if volume.shape[:2] != (columns, rows):
        return "axes" if sorted(volume.shape) == sorted((columns, rows, count)) else "size"
    return _of_slices(volume, affine, truth)


def _all_in_place(volume: NDArray[Any], affine: NDArray[np.float64], truth: Volume) -> bool:
    """Look every pixel up where it lies."""
    if abs(np.linalg.det(affine)) < 1e-12:
        return False
    for values, source in zip(truth.values, truth.affines, strict=True):
        index = np.linalg.solve(affine, source @ _pixels(values.shape))[:3]
        nearest = index.round()
        if np.abs(index - nearest).max() > _PLACE or nearest.min() < 0:
            return False
        column, row, number = nearest.astype(int)
        if number.max() >= volume.shape[2] or column.max() >= volume.shape[0] or row.max() >= volume.shape[1]:
            return False
        if not _same(volume[column, row, number], values.ravel(), truth.tolerance):
            return False
    return True


def _pixels(shape: tuple[int, int]) -> NDArray[np.float64]:
    """(column, row, 0, 1) of every pixel, (4, rows * columns)."""
    row, column = np.indices(shape).reshape(2, -1)
    return np.stack([column, row, np.zeros_like(row), np.ones_like(row)]).astype(float)


def _is_field(volume: NDArray[Any], affine: NDArray[np.float64], truth: Volume) -> bool:
    """Whether voxels have the value of the field at their place, and all slices lie within the grid."""
    assert truth.field is not None
    _, rows, columns = truth.values.shape
    voxels = np.concatenate([np.indices(volume.shape).reshape(3, -1), np.ones((1, volume.size))])
    places = affine @ voxels
    across, down, normal = np.moveaxis(truth.affines[0][:3, :3], 1, 0)
    starts = truth.affines[:, :3, 3]
    order = np.argsort(starts @ normal)
    starts, along = starts[order], (starts @ normal)[order]
    height = normal @ places[:3]
    within = (height >= along[0] - _LENGTH) & (height <= along[-1] + _LENGTH)
    # seen from the slices below and above; where one of them does not reach, there is nothing to mix
    above = np.searchsorted(along, height - _LENGTH).clip(0, len(along) - 1)
    below = (np.searchsorted(along, height + _LENGTH) - 1).clip(0)
    for neighbour in (below, above):
        aside = places[:3] - starts[neighbour].T
        for axis, length in ((across, columns), (down, rows)):
            pixel = axis @ aside / (axis @ axis)
            within &= (pixel >= -_PLACE) & (pixel <= length - 1 + _PLACE)
    expected = truth.field(places[:3].T)
    met = volume.reshape(-1)
    if not np.allclose(met[within], expected[within], atol=truth.tolerance):
        return False
    ends = np.array(list(itertools.product((0, columns - 1), (0, rows - 1))))
    corners = np.stack([source @ [*end, 0, 1] for source in truth.affines for end in ends], axis=1)
    index = np.linalg.solve(affine, corners)[:3]
    limit = np.array(volume.shape)[:, None] - 0.5
    return bool((index > -0.5 - _PLACE).all() and (index < limit + _PLACE).all())


def _of_slices(volume: NDArray[Any], affine: NDArray[np.float64], truth: Volume) -> str:
    """What is wrong with a volume whose slices have the right size."""
    met = [
        next((i for i, values in enumerate(truth.values) if _same(volume[..., k].T, values, truth.tolerance)), None)
        for k in range(volume.shape[2])
    ]
    if None in met and volume.shape[2] <= len(truth.values):
        return "values"
    if volume.shape[2] != len(truth.values):
        return "slices mixed" if volume.shape[2] > len(truth.values) else "slices lost"
    numbers = [number for number in met if number is not None]
    if numbers not in (sorted(numbers), sorted(numbers, reverse=True)):
        return "order"
    faults = []
    first, last = truth.affines[numbers[0]], truth.affines[numbers[-1]]
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.allclose(lengths[:2], np.linalg.norm(first[:3, :2], axis=0), atol=_LENGTH):
        faults.append("spacing in plane")
    elif not np.allclose(affine[:3, :2], first[:3, :2], atol=_LENGTH):
        faults.append("directions")
    if not np.allclose(affine[:3, 3], first[:3, 3], atol=_LENGTH):
        faults.append("origin")
    if len(numbers) > 1:
        step = (last[:3, 3] - first[:3, 3]) / (len(numbers) - 1)
        if not np.isclose(lengths[2], np.linalg.norm(step), atol=_LENGTH):
            faults.append("spacing of slices")
        elif not np.allclose(affine[:3, 2], step, atol=_LENGTH):
            faults.append("direction of slices")
    return ", ".join(faults) or "places of slices"


def _same(met: NDArray[Any], expected: NDArray[np.float64], tolerance: float) -> bool:
    """Equality of values, where what was not measured may be any value of air."""
    unmeasured = np.isnan(expected)
    close = np.abs(met - np.where(unmeasured, 0, expected)) <= tolerance
    return bool(np.where(unmeasured, met <= _AIR, close).all())
