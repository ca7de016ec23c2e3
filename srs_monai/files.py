"""Files that are there whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; it takes the place of `path` when the block ends well.

    A killed run leaves the old file or the new one, never half. The temporary name keeps the ending of `path`, by
    which many writers choose their format. Missing folders are made.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write bytes to a file that is there whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def check_folder(path: str | Path) -> None:
    """Refuse a folder that cannot be made or written to, before any work is lost; nothing is made.

    Raises:
        ValueError: when a file stands in its place, or it is not for this user to write.
    """
    folder = Path(path)
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        raise ValueError(f"results go into a folder, but {there} is none; name another output_dir")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"results go into a folder that can be written, but {there} cannot; name another output_dir")
