"""Files that are complete or absent, folders for results, and checksums."""

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
    """Yield a temporary path beside `path`; after a block without error, that file replaces `path`.

    A killed run leaves the old file or the new one, never a part. The temporary name keeps the suffix of `path`, from
    which many writers take their format. Missing folders are created.
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
    """Write bytes to a file that is complete or absent."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def check_folder(path: str | Path) -> None:
    """Reject a folder that cannot be created or written, before any work is lost. Nothing is created.

    Raises:
        ValueError: if another file has this name, or the user lacks the permission to write.
    """
    folder = Path(path)
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        raise ValueError(
            f"results need a folder, but {there} is not a folder; choose another output folder (output_dir)"
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(
            f"results need a writable folder, but {there} is not writable; choose another output folder (output_dir)"
        )


def make_folder(path: str | Path) -> None:
    """Create a folder and test that it is writable, before any work is lost. The test leaves no file.

    Raises:
        ValueError: if it cannot be created or written.
    """
    check_folder(path)
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:  # not visible from permissions: a read-only file system, a full disk
        raise ValueError(
            f"results need a writable folder, but {path} is not writable: {one_line(error)}; choose "
            "another output folder (output_dir)"
        ) from error


def sha256_of(path: str | Path) -> str:
    """The SHA-256 checksum of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_stamp(status: os.stat_result) -> tuple[int, ...]:
    """Identity, times and size of a file: they differ once it was written again or another file has its name.

    Two files that were written at the same moment often share times and size, so their places on the disk count too.
    """
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
