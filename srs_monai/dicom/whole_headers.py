"""Whole headers of files whose pixels were read recently, for writers that refer to those files.

A writer copies much of the header of one source file. A reader of the pixels parses that header anyway, so it is kept
here, without the pixels.
"""

import copy
import threading
from collections import OrderedDict
from pathlib import Path

import pydicom
from pydicom import Dataset

from srs_monai.files import file_stamp

_MOST = 4  # one volume is written while the next ones are computed and read
_PIXELS = 0x7FE00000  # the first tag after the header

_kept: OrderedDict[Path, tuple[tuple[int, ...], Dataset]] = OrderedDict()
_lock = threading.Lock()


def keep_header(path: Path, dataset: Dataset, stamp: tuple[int, ...]) -> None:
    """Keep the header of a file whose pixels are being read.

    Args:
        path: path of the file.
        dataset: the whole file.
        stamp: stamp of the file before it was read.
    """
    header = dataset[:_PIXELS]
    header.file_meta = dataset.file_meta
    with _lock:
        _kept[path] = stamp, header
        _kept.move_to_end(path)
        while len(_kept) > _MOST:
            _kept.popitem(last=False)


def whole_header(path: Path) -> Dataset:
    """All tags before the pixels of a file, and its file meta information; the caller may change the result."""
    with _lock:
        stamp, header = _kept.get(path, ((), Dataset()))
        if stamp == file_stamp(path.stat()):
            return copy.deepcopy(header)
    return pydicom.dcmread(path, stop_before_pixels=True)
