"""The base of the readers: files are opened in get_data, most of them one at a time."""

from collections.abc import Sequence
from typing import Any

from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import ensure_tuple

from srs_monai.text import few


class DeferredReader(ImageReader):
    """A reader that opens files in `get_data` and raises their errors there.

    MONAI's `LoadImage` hides errors of `read` and tries other readers.
    """

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether this reader accepts the names: all, unless a subclass checks them."""
        return True

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> tuple[PathLike, ...]:
        """Return the names for get_data."""
        return tuple(ensure_tuple(data))


def only_name(names: Sequence[PathLike] | PathLike, what: str) -> PathLike:
    """The only name, or a ValueError.

    Args:
        names: names as in get_data.
        what: kind of the file, for the message: "NIfTI file".
    """
    given: tuple[PathLike, ...] = ensure_tuple(names)
    if len(given) != 1:
        raise ValueError(f"only one {what} can be read at a time; got {len(given)} names: {few(map(str, given))}")
    return given[0]
