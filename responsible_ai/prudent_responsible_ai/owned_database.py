"""An SQLite file that only its owner may read, opened for a moment. Knows no tables."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 10.0
"""How long another process is waited for."""


@contextmanager
def owned_database(path: Path) -> Generator[sqlite3.Connection]:
    """A connection to the file, which is made with its folder where it is missing. Each statement commits.

    Raises:
        OSError, sqlite3.Error: it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
