"""A cache of converted graphs, since a conversion takes seconds."""

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
_CONTENT = "content.json"  # in an entry: its files and their hashes
_ABANDONED = 86400.0  # seconds after which no process works on an unfinished entry

Loaded = TypeVar("Loaded")


def cache_folder() -> Path:
    """The folder in the variable SRS_MONAI_CACHE, else srs_monai in the user's cache. It may not exist."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "srs_monai"


def cached_graph(key: str, name: str, write: Callable[[Path], object], load: Callable[[Path], Loaded]) -> Loaded:
    """Load a graph from the cache; a missing graph is converted and stored first.

    An entry is a folder that is complete or absent. A damaged entry is replaced. If the cache is not writable, the
    graph is converted for this run only.

    Args:
        key: key of the graph and name of its entry.
        name: name of the graph's file.
        write: converts the graph into a file, and perhaps further files beside it.
        load: reads that file.
    """
    entry = _graphs() / key
    if (entry / _CONTENT).is_file():
        try:
            _check(entry)
            loaded = load(entry / name)
            os.utime(entry)
            return loaded
        except Exception as error:  # a library may raise anything for a damaged file
            logger.warning("the converted graph %s is damaged (%s) and is converted again", entry, one_line(error))
            shutil.rmtree(entry, ignore_errors=True)
    try:
        _graphs().mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".", dir=_graphs()))
    except OSError as error:
        logger.warning("converted graphs are not cached, because %s is not writable: %s", _graphs(), one_line(error))
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
    """Move a complete new entry to its place, and return the folder that holds it."""
    try:
        files = [path for path in made.iterdir() if path.is_file()]
        (made / _CONTENT).write_text(json.dumps({path.name: sha256_of(path) for path in files}))
        made.rename(entry)
    except OSError as error:  # another process was faster, or the disk is full
        logger.info("the converted graph is not cached: %s", one_line(error))
        return made
    _trim(entry)
    return entry


def _check(entry: Path) -> None:
    """Reject an entry with changed files."""
    content: dict[str, str] = json.loads((entry / _CONTENT).read_text())
    for name, written in content.items():
        if sha256_of(entry / name) != written:
            raise ValueError(f"the checksum of {name} is wrong")


def _trim(newest: Path) -> None:
    """Remove the least recently used entries above the limit, and unfinished entries of killed runs."""
    entries = []
    for entry in newest.parent.iterdir():
        try:
            used, size = entry.stat().st_mtime, sum(file.stat().st_size for file in entry.iterdir())
        except OSError:  # removed by another process
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
