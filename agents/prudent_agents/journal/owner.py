"""Who runs a run: a token whose lock file is locked for as long as its process lives. Knows no run.

The operating system gives a lock back when its process dies, however it dies, and never before. So a run of
a killed process can be taken over at once, that of a living one never, and no clock has a say in it.
"""

from __future__ import annotations

import fcntl
import os
import uuid
import weakref
from contextlib import suppress
from pathlib import Path


class Owner:
    """A token that counts as alive until it is closed or its process ends.

    Raises:
        OSError: the lock file cannot be made, or the file system knows no locks.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(folder)
        self.token = uuid.uuid4().hex
        self._file = folder / self.token
        self._handle = _locked(self._file)
        os.register_at_fork(after_in_child=_Disown(weakref.ref(self)))
        self._closing = weakref.finalize(self, _give_up, self._handle, self._file)

    def close(self) -> None:
        """Give everything up that this token holds."""
        self._closing()

    def disown(self) -> None:
        """In a forked child: the token stays the parent's."""
        if self._closing.detach() is not None:
            os.close(self._handle)


def alive(folder: Path, token: str) -> bool:
    """Whether the process of a token lives (and has not closed it)."""
    try:
        handle = os.open(folder / token, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _locked(file: Path) -> int:
    """Make a file and lock it; once more where somebody swept it away in between."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), file.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove the lock files of processes that ended without removing theirs."""
    for file in folder.iterdir():
        with suppress(OSError):
            handle = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                file.unlink()
            finally:
                os.close(handle)


def _give_up(handle: int, file: Path) -> None:
    with suppress(OSError):
        file.unlink()
    os.close(handle)


class _Disown:
    """Called in every forked child for as long as the process lives; holds nothing alive."""

    def __init__(self, owner: weakref.ref[Owner]) -> None:
        self._owner = owner

    def __call__(self) -> None:
        owner = self._owner()
        if owner is not None:
            owner.disown()
