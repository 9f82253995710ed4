"""An SQLite file: opened, changed whole or not at all, read as it is at one moment. Knows no table.

WAL: what was committed survives the death of the process at any moment, and readers do not wait for writers.
Deleted rows are overwritten. The file and its folder are only their owner's.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prudent.errors import StorageError
from prudent.owned_database import opened, whole_change

BUSY_SECONDS = 30.0
"""How long another process's change is waited for."""
_WAL_BYTES = 16 << 20
_READERS = 4
"""Connections that are kept for the next reader."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """What is in a file: what people call it, its tables, and the version of their form.

    `mark` is SQLite's application id: it keeps a file of another kind from being written to.
    """

    name: str
    schema: str
    mark: int
    version: int = 1


class SqliteFile:
    """The file at `path`, made at its first use. Threads and processes may share it.

    Every method raises StorageError where the file cannot be read or written; then nothing was changed.
    """

    def __init__(self, path: Path, kind: FileKind) -> None:
        self.path = path
        self._kind = kind
        self._writing = threading.RLock()
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []

    @contextmanager
    def changing(self) -> Generator[sqlite3.Connection]:
        """One change: all that is done in the block is in the file at its end, or nothing of it."""
        with self._writing, self._errors("written"):
            connection = self._open_writer()
            with whole_change(connection):
                yield connection

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The file as it is at one moment, whatever is written meanwhile."""
        with self._errors("read"):
            connection = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("ROLLBACK")
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    def forget_log(self) -> None:
        """Write the log's pages into the file and empty it, so that it holds nothing that was deleted."""
        with self._writing, self._errors("written"):
            self._open_writer().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._writing, self._lock:
            for connection in (self._writer, *self._readers):
                if connection is not None:
                    connection.close()
            self._writer, self._readers = None, []

    def _open_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._connected()
        return self._writer

    def _borrow(self) -> sqlite3.Connection:
        with self._writing:
            self._open_writer()
        with self._lock:
            return self._readers.pop() if self._readers else self._connected()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if self._writer is not None and len(self._readers) < _READERS:
                self._readers.append(connection)
                return
        connection.close()

    def _connected(self) -> sqlite3.Connection:
        connection = opened(self.path, busy_seconds=BUSY_SECONDS)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        weakref.finalize(self, connection.close)
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        kind, (version,) = self._kind, connection.execute("PRAGMA user_version").fetchone()
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and mark != kind.mark:
            raise sqlite3.DatabaseError(f"it is an SQLite file, but no {kind.name}")
        if not tables:
            with whole_change(connection):
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in kind.schema.split(";\n"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA application_id = {kind.mark}")
                    connection.execute(f"PRAGMA user_version = {kind.version}")
        elif version != kind.version:
            raise sqlite3.DatabaseError(
                f"it is of version {version}, and this prudent knows version {kind.version}"
            )

    @contextmanager
    def _errors(self, what: str) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise StorageError(
                f"The {self._kind.name} {self.path} cannot be {what}: {reason}.",
                hint="Free disk space, see who else may change the file, or name another one.",
            ) from error
