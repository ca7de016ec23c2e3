"""Files that are there whole or not at all."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from srs_monai.errors import one_line


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
        raise ValueError(f"results go into a folder, but {there} is none; name another output folder (output_dir)")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(
            f"results go into a folder that can be written, but {there} cannot; name another output folder (output_dir)"
        )


def make_folder(path: str | Path) -> None:
    """Make a folder and write to it, before any work is lost; nothing is left in it.

    Raises:
        ValueError: when it cannot be made or written to.
    """
    check_folder(path)
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:  # what permissions do not tell: a file system that takes no files, a full disk
        raise ValueError(
            f"results go into a folder that can be made and written, but {path} cannot: {one_line(error)}; name "
            "another output folder (output_dir)"
        ) from error


def sha256_of(path: str | Path) -> str:
    """The SHA-256 checksum of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
