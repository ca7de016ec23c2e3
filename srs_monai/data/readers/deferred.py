"""What the readers have in common: they open files late, and most of them one at a time."""

from collections.abc import Sequence
from typing import Any

from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import ensure_tuple

from srs_monai.text import few


class DeferredReader(ImageReader):
    """A reader whose `get_data` opens the files, and raises what is wrong with them.

    MONAI's `LoadImage` hides what `read` raises, and tries other readers.
    """

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether the names are such as this reader reads: any, unless a reader goes by names."""
        return True

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> tuple[PathLike, ...]:
        """Pass the names on to get_data."""
        return tuple(ensure_tuple(data))


def only_name(names: Sequence[PathLike] | PathLike, what: str) -> PathLike:
    """The one name that is given, or a ValueError.

    Args:
        names: as get_data takes them.
        what: is read, "NIfTI file".
    """
    given: tuple[PathLike, ...] = ensure_tuple(names)
    if len(given) != 1:
        raise ValueError(f"one {what} is read at a time; got {len(given)} names: {few(map(str, given))}")
    return given[0]
