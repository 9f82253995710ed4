"""Requests that wait for a person's word: asked for, given or denied, and used once. Keeps no text.

A request is known by a keyed digest of what exactly was asked, so an approval is of those words alone. The
file is SQLite: the word may be given by another process, hours later. Knows no policy and no server.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from prudent.catalog.home import home
from prudent.errors import NotFoundError, StorageError
from prudent_responsible_ai.owned_database import owned_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret (only INTEGER PRIMARY KEY CHECK (only = 1), key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS approvals (
    digest TEXT PRIMARY KEY, asked REAL NOT NULL, about TEXT NOT NULL, state TEXT NOT NULL, decided REAL
);
"""
_KEY_BYTES = 32
_SHOWN = 100


def approvals_file() -> Path:
    """Where requests wait in prudent's home. Raises ConfigurationError: there is no home."""
    return home() / "approvals.db"


class ApprovalState(StrEnum):
    """Where a request stands. `used` is an approval that let its request through."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Approval:
    """A request that was held: when it was asked (seconds since 1970), why it was held, where it stands."""

    digest: str
    asked: float
    about: str
    state: ApprovalState


class Approvals:
    """The requests that were held. Threads and processes may share the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def ask(self, parts: Sequence[tuple[str, str]], policy_hash: str, about: str) -> Approval:
        """Say that a request waits, or use up the approval that it has.

        `parts` are the source and the text of each part, `about` says why it is held and quotes nothing.
        Where the state that is returned is `used`, it may go on, this once.

        Raises:
            StorageError: the file can be neither read nor written.
        """
        content = json.dumps([policy_hash, *parts], ensure_ascii=False).encode("utf-8", "surrogatepass")
        with self._open() as connection:
            digest = hmac.digest(_key(connection), content, sha256).hex()
            used = connection.execute(
                "UPDATE approvals SET state = ? WHERE digest = ? AND state = ?",
                (ApprovalState.USED, digest, ApprovalState.APPROVED),
            ).rowcount
            if not used:
                connection.execute(
                    "INSERT INTO approvals VALUES (?, ?, ?, ?, NULL) ON CONFLICT (digest) DO UPDATE"
                    " SET state = excluded.state, asked = excluded.asked WHERE approvals.state = ?",
                    (digest, time.time(), about, ApprovalState.WAITING, ApprovalState.USED),
                )
            return _one(connection, digest)

    def decide(self, digest: str, *, approve: bool) -> Approval:
        """Give or refuse a person's word. `digest` may be its beginning, where that is enough.

        Raises:
            NotFoundError: no request that waits has this digest, or several have.
            StorageError: the file can be neither read nor written.
        """
        with self._open() as connection:
            found = connection.execute(
                "SELECT digest FROM approvals WHERE substr(digest, 1, ?) = ? AND state = ?",
                (len(digest), digest, ApprovalState.WAITING),
            ).fetchall()
            if not digest or len(found) != 1:
                what = "Several requests that wait begin" if found else "No request that waits begins"
                raise NotFoundError(
                    f"{what} with '{digest[:64]}'.", hint="`prudent approvals list` shows those that wait."
                )
            state = ApprovalState.APPROVED if approve else ApprovalState.DENIED
            connection.execute(
                "UPDATE approvals SET state = ?, decided = ? WHERE digest = ?",
                (state, time.time(), found[0][0]),
            )
            return _one(connection, found[0][0])

    def latest(self) -> list[Approval]:
        """The latest requests, the last first. Raises StorageError."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT digest, asked, about, state FROM approvals ORDER BY asked DESC LIMIT ?", (_SHOWN,)
            ).fetchall()
        return [Approval(digest, asked, about, ApprovalState(state)) for digest, asked, about, state in rows]

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        """The database, in a transaction that nobody else writes in."""
        try:
            with self._lock, owned_database(self._path) as connection:
                connection.executescript(_SCHEMA)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"The approvals in {self._path} cannot be read or written.", hint="Free disk space."
            ) from error


def _key(connection: sqlite3.Connection) -> bytes:
    connection.execute("INSERT OR IGNORE INTO secret VALUES (1, ?)", (secrets.token_bytes(_KEY_BYTES),))
    return bytes(connection.execute("SELECT key FROM secret").fetchone()[0])


def _one(connection: sqlite3.Connection, digest: str) -> Approval:
    row = connection.execute(
        "SELECT digest, asked, about, state FROM approvals WHERE digest = ?", (digest,)
    ).fetchone()
    return Approval(row[0], row[1], row[2], ApprovalState(row[3]))
