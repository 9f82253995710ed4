"""SQLite files that only their owner may read: opened, and changed whole or not at all. Knows no table."""

from __future__ import annotations

import os
import sqlite3
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
    # Made here, so that it is private from its first byte on.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)


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
