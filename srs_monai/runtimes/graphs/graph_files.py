"""Files of graphs, which are written completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a graph, the main file last. OpenVINO stores weights in NAME.bin beside NAME.xml."""
    return (path.with_suffix(".bin"), path) if path.suffix == ".xml" else (path,)


@contextmanager
def replacing_graph(path: str | Path) -> Iterator[Path]:
    """Yield a path of the same name in a temporary folder. After a block without error, its files replace the target.

    An old and a new file of OpenVINO never exist together: the old main file is removed first.
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
