"""Graphs in files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a graph, that by which it is called last: OpenVINO keeps weights beside NAME.xml, in NAME.bin."""
    return (path.with_suffix(".bin"), path) if path.suffix == ".xml" else (path,)


@contextmanager
def replacing_graph(path: str | Path) -> Iterator[Path]:
    """Give a path of the same name in a temporary folder; what is there when the block ends well takes its place.

    The two files of OpenVINO are never one old and one new: where the first is replaced, the second is gone before.
    """
    target = Path(path).expanduser().absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        temporary = Path(folder) / target.name
        yield temporary
        files = list(zip(files_of(temporary), files_of(target), strict=True))
        if len(files) > 1:
            target.unlink(missing_ok=True)
        for written, place in files:
            os.replace(written, place)
