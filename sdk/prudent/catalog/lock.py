"""One process (and one thread) at a time: an advisory lock on a file. Knows nothing of what it protects.

The system drops the lock when its holder ends, however it ends, so a crash never leaves one behind.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from prudent.catalog.storage import writing

_POLL_SECONDS = 0.1


@contextmanager
def locked(path: Path, on_wait: Callable[[], None] | None = None) -> Generator[bool]:
    """Hold the lock on `path`, waiting for whoever holds it; `on_wait` is called once if it must wait.

    Gives whether it had to wait.

    Raises:
        StorageError: the file cannot be created or locked.
    """
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("ab")
    with stream:
        waiting = False
        while not _try_lock(stream, path):
            if not waiting and on_wait is not None:
                on_wait()
            waiting = True
            time.sleep(_POLL_SECONDS)
        try:
            yield waiting
        finally:
            _unlock(stream)


def _try_lock(stream: BinaryIO, path: Path) -> bool:
    with writing(path):
        try:
            _acquire(stream)
        except BlockingIOError:
            return False
        return True


if sys.platform == "win32":
    import msvcrt

    def _acquire(stream: BinaryIO) -> None:
        stream.seek(0)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # how Windows says that somebody else holds it
            raise BlockingIOError(error.errno, error.strerror) from error

    def _unlock(stream: BinaryIO) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _acquire(stream: BinaryIO) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(stream: BinaryIO) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_UN)
