"""An SQLite file that only its owner may read, opened for a moment. Knows no tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from prudent.owned_database import opened

BUSY_SECONDS = 10.0
"""How long another process is waited for."""


@contextmanager
def owned_database(path: Path) -> Generator[sqlite3.Connection]:
    """A connection to the file, which is made with its folder where it is missing. Each statement commits.

    Raises:
        OSError, sqlite3.Error: it cannot be opened.
    """
    connection = opened(path, busy_seconds=BUSY_SECONDS)
    try:
        yield connection
    finally:
        connection.close()
