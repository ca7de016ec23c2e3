"""Converted graphs, which take seconds to make, kept between runs."""

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from srs_monai.errors import one_line
from srs_monai.files import sha256_of

logger = logging.getLogger(__name__)

VARIABLE = "SRS_MONAI_CACHE"
LIMIT = 2**30  # bytes of all graphs together
_CONTENT = "content.json"  # of an entry: its files and their hashes
_ABANDONED = 86400.0  # seconds after which an unfinished entry is another's no more

Loaded = TypeVar("Loaded")


def cache_folder() -> Path:
    """The folder that the variable SRS_MONAI_CACHE names, else srs_monai in the user's cache; it may not be there."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "srs_monai"


def cached_graph(key: str, name: str, write: Callable[[Path], object], load: Callable[[Path], Loaded]) -> Loaded:
    """Load a graph from the cache, where it is put first when it is not there.

    An entry is a folder that is there whole or not at all. One that does not hold what was written is made anew. Where
    the cache cannot be written, the graph is converted all the same and is gone after the run.

    Args:
        key: of the graph; names the entry.
        name: of the graph's file.
        write: converts the graph into a file, and perhaps others beside it.
        load: reads that file.
    """
    entry = _graphs() / key
    if (entry / _CONTENT).is_file():
        try:
            _check(entry)
            loaded = load(entry / name)
            os.utime(entry)
            return loaded
        except Exception as error:  # whatever a library makes of a damaged file
            logger.warning("the converted graph %s is damaged (%s): it is made anew", entry, one_line(error))
            shutil.rmtree(entry, ignore_errors=True)
    try:
        _graphs().mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".", dir=_graphs()))
    except OSError as error:
        logger.warning("converted graphs are not kept, as %s cannot be written: %s", _graphs(), one_line(error))
        made = Path(tempfile.mkdtemp(prefix="srs_monai_"))
    try:
        write(made / name)
        if made.parent == _graphs():
            made = _kept(made, entry)
        return load(made / name)
    finally:
        if made != entry:
            shutil.rmtree(made, ignore_errors=True)


def _graphs() -> Path:
    return cache_folder() / "graphs"


def _kept(made: Path, entry: Path) -> Path:
    """Where a new entry's files are: at its place, once they are all there."""
    try:
        files = [path for path in made.iterdir() if path.is_file()]
        (made / _CONTENT).write_text(json.dumps({path.name: sha256_of(path) for path in files}))
        made.rename(entry)
    except OSError as error:  # another process was faster, or the disk is full
        logger.info("the converted graph is not kept: %s", one_line(error))
        return made
    _trim(entry)
    return entry


def _check(entry: Path) -> None:
    """Refuse an entry whose files are not those that were written."""
    content: dict[str, str] = json.loads((entry / _CONTENT).read_text())
    for name, written in content.items():
        if sha256_of(entry / name) != written:
            raise ValueError(f"{name} is not what was written")


def _trim(newest: Path) -> None:
    """Take away what was used longest ago until the limit is kept, and what killed runs left."""
    entries = []
    for entry in newest.parent.iterdir():
        try:
            used, size = entry.stat().st_mtime, sum(file.stat().st_size for file in entry.iterdir())
        except OSError:  # taken away by another process
            continue
        if not entry.name.startswith("."):
            entries.append((used, size, entry))
        elif time.time() - used > _ABANDONED:
            shutil.rmtree(entry, ignore_errors=True)
    total = sum(size for _, size, _ in entries)
    for _, size, entry in sorted(entries):
        if total > LIMIT and entry != newest:
            shutil.rmtree(entry, ignore_errors=True)
            total -= size
