"""The audit log's database: rows in, rows out, each change whole or not at all. Knows no key and no request.

    records      one row a record, in a chain of hashes; triggers refuse to change or remove any of them
    head         the last record, sealed with a key
    checkpoints  signatures over the chain up to a record
    retention    up to which record the retention has removed rows

SQLite in WAL mode: what was committed survives the death of the process at any moment, and readers do not
wait for writers. The triggers stop mistakes, not somebody who may write to the file: the chain finds him out.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prudent.errors import StorageError
from prudent.owned_database import opened, whole_change

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, time TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    sequence INTEGER NOT NULL, hash TEXT NOT NULL, seal TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS checkpoints (
    sequence INTEGER PRIMARY KEY, hash TEXT NOT NULL, time TEXT NOT NULL, signature TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS retention (up_to INTEGER PRIMARY KEY);
CREATE TRIGGER IF NOT EXISTS records_never_change BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
CREATE TRIGGER IF NOT EXISTS records_expire_only BEFORE DELETE ON records
WHEN OLD.sequence > (SELECT coalesce(max(up_to), 0) FROM retention)
BEGIN SELECT RAISE(ABORT, 'audit records are only removed when they expire'); END;
"""
_VERSION = 1
_BUSY_SECONDS = 10.0
_PAGE = 512


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it is kept. `body` is canonical JSON; `hash` covers all other fields."""

    sequence: int
    id: str
    time: str
    kind: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signature (hex) over the chain up to a record."""

    sequence: int
    hash: str
    time: str
    signature: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the log says its last record is, with the seal over that."""

    sequence: int
    hash: str
    seal: str


class Snapshot:
    """The log at one moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def head(self) -> Head | None:
        """What the log says its last record is."""
        found = self._connection.execute("SELECT sequence, hash, seal FROM head").fetchone()
        return None if found is None else Head(*found)

    def checkpoints(self) -> list[Checkpoint]:
        """All signatures, oldest first."""
        query = "SELECT sequence, hash, time, signature FROM checkpoints ORDER BY sequence"
        return [Checkpoint(*found) for found in self._connection.execute(query)]

    def rows(self) -> Iterator[Row]:
        """Every record, oldest first."""
        for found in self._connection.execute("SELECT * FROM records ORDER BY sequence"):
            yield Row(*found)


class AuditStore:
    """The database at `path`, made at the first use. Threads and processes may share it.

    `durable` waits for the disk at every change; without it a power failure, not a crash of the process, may
    take the last changes. Every method raises StorageError where the file cannot be read or written.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self._path = path
        self._durable = durable
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def changing(self) -> Generator[sqlite3.Connection]:
        """One change: all that is done in the block is kept at its end, or nothing of it."""
        with self._lock, self._errors("written"):
            connection = self._open()
            with whole_change(connection):
                yield connection

    @contextmanager
    def snapshot(self) -> Generator[Snapshot]:
        """The log as it is now, whatever is written meanwhile."""
        with self._errors("read"):
            with self._lock:
                self._open()
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute("BEGIN")
                yield Snapshot(connection)
            finally:
                connection.close()

    def rows(self, after: int = 0) -> Iterator[Row]:
        """The records behind a sequence number, oldest first; read in pages, so that no lock is held long."""
        query = "SELECT * FROM records WHERE sequence > ? ORDER BY sequence LIMIT ?"
        while True:
            with self._lock, self._errors("read"):
                page = [Row(*found) for found in self._open().execute(query, (after, _PAGE))]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].sequence

    def row(self, identity: str) -> Row | None:
        """The record with an id."""
        with self._lock, self._errors("read"):
            found = self._open().execute("SELECT * FROM records WHERE id = ?", (identity,)).fetchone()
        return None if found is None else Row(*found)

    def latest(self, count: int) -> list[Row]:
        """The last records, oldest first."""
        query = "SELECT * FROM records ORDER BY sequence DESC LIMIT ?"
        with self._lock, self._errors("read"):
            return [Row(*found) for found in self._open().execute(query, (count,))][::-1]

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = opened(self._path, busy_seconds=_BUSY_SECONDS)
            try:
                _prepare(connection, durable=self._durable)
            except BaseException:
                connection.close()
                raise
            weakref.finalize(self, connection.close)
            self._connection = connection
        return self._connection

    @contextmanager
    def _errors(self, what: str) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self.close()
            reason = str(error.strerror if isinstance(error, OSError) else error)
            hint = "Free disk space, or see who else may change the file."
            if "not a database" in reason:
                hint = "It is no audit log, or it is damaged: name another with --path."
            raise StorageError(
                f"The audit log {self._path} cannot be {what}: {reason}.", hint=hint
            ) from error


def _prepare(connection: sqlite3.Connection, *, durable: bool) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
    elif version != _VERSION:
        raise sqlite3.DatabaseError(f"it is of version {version}, and this prudent knows version {_VERSION}")
