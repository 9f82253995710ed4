"""SQLite files that only their owner may read: opened, and changed whole or not at all. Knows no table."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


def opened(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """A connection to the file, which is made with its folder where it is missing. Each statement commits.

    Any thread may use it, one at a time. Another process's change is waited for `busy_seconds`.

    Raises:
        OSError, sqlite3.Error: it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make(path)
    return sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)


def _make(path: Path) -> None:
    """An empty file that is private from its first byte on; nothing where somebody else has just made it.

    It gets its name when its descriptor is closed: to close one of a file that is open elsewhere in this
    process would drop the locks there (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(descriptor)
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    finally:
        Path(made).unlink()


@contextmanager
def whole_change(connection: sqlite3.Connection) -> Generator[None]:
    """One change: all that is done in the block is kept at its end, or nothing of it.

    Raises:
        sqlite3.Error: it cannot be kept.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
