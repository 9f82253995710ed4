"""Writing to the cache safely: room checked first, hashed, flushed, renamed into place, errors in words.

Knows nothing of models or of the network.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from prudent.errors import StorageError

CHUNK = 1 << 20
"""Bytes read or written at a time."""

FreeBytes = Callable[[Path], int]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system answers when no more can be written: disk full, quota, file too large."""


@contextmanager
def writing(folder: Path) -> Generator[None]:
    """Turn a failure to write below `folder` into words.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise as_storage_error(error, folder) from error


def as_storage_error(error: OSError, folder: Path) -> StorageError:
    """The error in words, with what to do next."""
    if error.errno in FULL:
        return StorageError(f"The disk of {folder} is full.", hint=_ROOM_HINT)
    reason = error.strerror or type(error).__name__
    where = error.filename or folder
    return StorageError(
        f"{where} cannot be written: {reason}.",
        hint="Check its permissions, or set PRUDENT_HOME to a folder that can be written.",
    )


_ROOM_HINT = "Free some space (`prudent models rm`), or set PRUDENT_HOME to a folder on a larger disk."


def free_bytes(folder: Path) -> int:
    """Room left on the folder's disk."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, needed: int, available: int) -> None:
    """Refuse work that cannot end well.

    Raises:
        StorageError: fewer than `needed` bytes are available.
    """
    if available < needed:
        raise StorageError(
            f"{megabytes(needed)} are needed in {folder} and {megabytes(available)} are free.",
            hint=_ROOM_HINT,
        )


def megabytes(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.2f} GB"


def hash_file(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Hex sha256 of a file; `on_bytes` is told the size of every chunk as it is read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()


def put_in_place(temporary: Path, final: Path) -> None:
    """Rename a finished file so that a power cut leaves the whole file or none."""
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
    temporary.replace(final)


def write_text(path: Path, text: str) -> None:
    """Write a small file in one step: readers see the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(text, encoding="utf-8")
        put_in_place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_folder(folder: Path) -> int:
    """Remove a folder in one step as others see it, and return the bytes that it held.

    It is renamed first: a removal that is cut leaves no half folder under the name.
    """
    if not folder.exists():
        return 0
    size = folder_bytes(folder)
    doomed = folder.with_name(f".removed-{folder.name}-{secrets.token_hex(4)}")
    folder.replace(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
    return size


def folder_bytes(folder: Path) -> int:
    """Size of the files below a folder, which may be changing meanwhile."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += (Path(parent) / name).lstat().st_size
    return size
