"""A key for each user, so that a user can be forgotten: without it his fingerprints lead nowhere.

The keys lie in a file of their own beside the log. A key that is deleted is overwritten on disk; keep that
file out of backups that live longer than a promise to forget.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from prudent.errors import StorageError
from prudent_responsible_ai.owned_database import owned_database

_SCHEMA = "CREATE TABLE IF NOT EXISTS subjects (subject TEXT PRIMARY KEY, key BLOB NOT NULL)"


class SubjectKeys:
    """Keys by subject (see `AuditKeys.subject`). Threads and processes may share the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, subject: str) -> bytes:
        """The key of a subject, made at first use.

        Raises:
            StorageError: it can be neither read nor written.
        """
        with self._open() as connection:
            found = connection.execute("SELECT key FROM subjects WHERE subject = ?", (subject,)).fetchone()
            if found is not None:
                return bytes(found[0])
            connection.execute(
                "INSERT OR IGNORE INTO subjects VALUES (?, ?)", (subject, secrets.token_bytes(32))
            )
            found = connection.execute("SELECT key FROM subjects WHERE subject = ?", (subject,)).fetchone()
            return bytes(found[0])

    def forget(self, subject: str) -> bool:
        """Destroy the key of a subject; whether there was one. Raises StorageError."""
        with self._open() as connection:
            return connection.execute("DELETE FROM subjects WHERE subject = ?", (subject,)).rowcount > 0

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        try:
            with self._lock, owned_database(self._path) as connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"The keys of the audit log {self._path} cannot be read or written.", hint="Free disk space."
            ) from error
