"""NumPy and HDF5 files: the names, headers and values of their arrays."""

import math
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from monai.config import PathLike
from numpy.lib import format as npy
from numpy.typing import NDArray

from srs_monai.errors import one_line
from srs_monai.text import few

ARRAY_SUFFIXES = (".npy.h5", ".npy", ".npz", ".h5", ".hdf5")
IMAGE_KEY = "image"
_NUMBERS = "biuf"  # kinds of NumPy's types: booleans, integers and floating-point numbers
_HEADER_LOCK = threading.Lock()  # NumPy parses headers with ast, which fails in threads before Python 3.12 (gh-106905)


def is_array(name: PathLike) -> bool:
    """Whether a name means an array file, FILE, or an array in one, FILE/KEY; no file is opened."""
    return file_and_key(name) is not None


def array_keys(file: PathLike) -> list[str]:
    """The names of the arrays in a file; the array of an .npy file is "".

    Raises:
        ValueError: when the file is missing, truncated or not an array file.
    """
    file = Path(file)
    if not file.is_file():
        raise ValueError(f"there is no file {file}; check the name")
    with _reasons(file):
        if _ends(file, ".npy"):
            return [""]
        if _ends(file, ".npz"):
            with zipfile.ZipFile(file) as archive:
                return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        keys: list[str] = []
        with h5py.File(file, "r", locking=False) as tree:
            tree.visititems(lambda key, node: keys.append(key) if isinstance(node, h5py.Dataset) else None)
        return keys


def image_in(file: PathLike) -> str:
    """The name of an array file's image: FILE/image if that is one of several arrays, else FILE."""
    try:
        keys = array_keys(file)
    except ValueError:
        return str(file)  # reading it will raise the error
    return f"{file}/{IMAGE_KEY}" if len(keys) > 1 and IMAGE_KEY in keys else str(file)


def array_header(name: PathLike) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of the array FILE or FILE/KEY; no values are read.

    Raises:
        ValueError: when there is no such array, FILE holds several, or the values are not real numbers.
    """
    file, key = _located(name)
    with _reasons(file):
        if _in_numpy(file):
            with _stream(file, key) as stream:
                shape, _, dtype = _npy_header(stream)
        else:
            with h5py.File(file, "r", locking=False) as tree:
                shape, dtype = tree[key].shape or (), tree[key].dtype
    if dtype.kind not in _NUMBERS:
        kind = "pickled objects, which could run as programs" if dtype.hasobject else f"values of type {dtype}"
        raise ValueError(f"an array must hold real numbers, but {name} holds {kind}; save it as numbers")
    return tuple(shape), dtype


def array_values(name: PathLike) -> NDArray[Any]:
    """The array FILE or FILE/KEY, as it is stored.

    Raises:
        ValueError: as `array_header` does, and when the values cannot be read.
    """
    array_header(name)
    file, key = _located(name)
    with _reasons(file):
        if _in_numpy(file):
            with _stream(file, key) as stream:
                shape, by_columns, dtype = _npy_header(stream)
                stored = stream.read(math.prod(shape) * dtype.itemsize)
                values = np.frombuffer(bytearray(stored), dtype, math.prod(shape))
                return values.reshape(shape, order="F" if by_columns else "C")
        with h5py.File(file, "r", locking=False) as tree:
            return np.asarray(tree[key][...])


def file_and_key(name: PathLike) -> tuple[Path, str] | None:
    """The two parts of an array's name FILE/KEY, with the key "" for FILE alone; None if it is no such name."""
    path = Path(name)
    for file in (path, *path.parents):
        if _ends(file, ARRAY_SUFFIXES) and not file.is_dir():
            return file, "" if file == path else path.relative_to(file).as_posix()
    return None


def _located(name: PathLike) -> tuple[Path, str]:
    """The file and the key of an array that exists."""
    parts = file_and_key(name)
    if parts is None:
        raise ValueError(f"an array file must end in {', '.join(ARRAY_SUFFIXES)}; got {name}; convert it")
    file, key = parts
    keys = array_keys(file)
    if key and key not in keys:
        held = few(filter(None, keys)) or "one without a name"
        raise ValueError(f"there is no array {key!r} in {file}, which holds {held}; correct the name")
    if not key and len(keys) != 1:
        raise ValueError(
            f"an image needs one array, but {file} holds {f'{len(keys)}: {few(keys)}' if keys else 'none'}; name it as "
            f"{file.name}/KEY"
        )
    return file, key or keys[0]


@contextmanager
def _stream(file: Path, key: str) -> Iterator[IO[bytes]]:
    """One array of a NumPy file as an .npy stream."""
    if _ends(file, ".npy"):
        with file.open("rb") as stream:
            yield stream
    else:
        with zipfile.ZipFile(file) as archive, archive.open(f"{key}.npy") as stream:
            yield stream


def _npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and type of an .npy stream; its position is then the first value."""
    with _HEADER_LOCK:
        read = npy.read_array_header_1_0 if npy.read_magic(stream) == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(stream)
    return shape, by_columns, dtype


def _in_numpy(file: Path) -> bool:
    return _ends(file, (".npy", ".npz"))


def _ends(file: Path, endings: str | tuple[str, ...]) -> bool:
    return file.name.lower().endswith(endings)


@contextmanager
def _reasons(file: Path) -> Iterator[None]:
    """Name the file in any error of its library."""
    try:
        yield
    except Exception as error:  # broken files make decompressors raise nearly anything
        raise ValueError(f"{file} cannot be read as arrays: {one_line(error)}; replace or remove the file") from error
