"""The journal's SQLite file: opening it, and changes that happen whole or not at all. Knows no event.

In WAL mode what was committed survives the death of the process at any moment, and readers do not wait for
writers. Deleted rows are overwritten. The file and its folder are only their owner's.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from prudent.owned_database import opened, whole_change
from prudent_agents.errors import JournalError

BUSY_SECONDS = 30.0
"""How long another process's change is waited for."""
_VERSION = 1
_WAL_BYTES = 16 << 20
"""What a write-ahead log is cut back to once its pages are in the file."""

_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, agent TEXT NOT NULL, goal TEXT NOT NULL, status TEXT NOT NULL, parent TEXT,
    started REAL NOT NULL, updated REAL NOT NULL, events INTEGER NOT NULL, head BLOB NOT NULL,
    lease_owner TEXT, lease_epoch INTEGER NOT NULL
);
CREATE INDEX runs_by_age ON runs (updated);
CREATE VIEW ended_runs AS SELECT id, updated FROM runs WHERE status NOT IN ('running', 'paused');
CREATE TABLE events (
    run TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, at REAL NOT NULL,
    body TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE blobs (hash BLOB PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE blob_uses (run TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (run, hash)) WITHOUT ROWID;
CREATE INDEX blob_uses_by_hash ON blob_uses (hash);
CREATE TABLE approvals (
    digest TEXT PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, tool TEXT NOT NULL, reason TEXT NOT NULL,
    asked REAL NOT NULL, approved INTEGER, decided REAL, by TEXT, claimed INTEGER NOT NULL,
    recorded INTEGER NOT NULL
);
CREATE INDEX approvals_by_run ON approvals (run);
"""


class Database:
    """The file at `path`, made at its first use. Threads and processes may share it.

    Every method raises JournalError where the file cannot be read or written; then nothing was changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()

    @contextmanager
    def changing(self, *, wait: bool = True) -> Generator[sqlite3.Connection]:
        """One change: all that is done in the block is kept at its end, or nothing of it.

        It survives the death of the process; with `wait` a power failure too.
        """
        with self._lock, self._errors("written"):
            connection = self._open()
            connection.execute(f"PRAGMA synchronous = {'FULL' if wait else 'NORMAL'}")
            with whole_change(connection):
                yield connection

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The file as it is at one moment."""
        with self._lock, self._errors("read"):
            connection = self._open()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")

    def shrink(self) -> None:
        """Give the pages of deleted rows back to the disk."""
        with self._lock, self._errors("written"):
            connection = self._open()
            connection.executescript("PRAGMA incremental_vacuum")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def damage(self) -> str | None:
        """What SQLite itself finds wrong with the file, or None."""
        with self._lock, self._errors("read"):
            found = self._open().execute("PRAGMA integrity_check(1)").fetchone()[0]
        return None if found == "ok" else str(found)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._process != os.getpid():
            raise JournalError(
                "A journal cannot be used in a process that was forked from the one that opened it.",
                hint="Make a new SqliteJournal in the child.",
            )
        if self._connection is None:
            connection = opened(self.path, busy_seconds=BUSY_SECONDS)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            weakref.finalize(self, _close_in, os.getpid(), connection)
            self._connection = connection
        return self._connection

    @contextmanager
    def _errors(self, what: str) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            with suppress(sqlite3.Error):
                self.close()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise JournalError(
                f"The journal {self.path} cannot be {what}: {reason}. Nothing was changed.", hint=_hint(error)
            ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}").fetchall()
    if _version(connection) == 0:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == 0:  # nobody else was quicker
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
    if _version(connection) != _VERSION:
        raise sqlite3.DatabaseError(
            f"it is of version {_version(connection)}, and this prudent knows version {_VERSION}"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _close_in(process: int, connection: sqlite3.Connection) -> None:
    """Close a connection, but not that of a parent process."""
    if process == os.getpid():
        connection.close()


def _hint(error: sqlite3.Error | OSError) -> str:
    said = str(error)
    if "full" in said or "No space" in said or "disk I/O" in said:
        return "Free disk space, then resume the run; or move prudent's home with PRUDENT_HOME."
    if "malformed" in said or "not a database" in said:
        return "The file is damaged: move it away and a new one is begun, or bring it back from a backup."
    if "locked" in said or "busy" in said:
        return f"Another process has been writing for more than {BUSY_SECONDS:.0f} s; try again."
    return "See who may read and write the file and its folder, or move prudent's home with PRUDENT_HOME."
