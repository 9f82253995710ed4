"""The audit trail: records that nobody can change unnoticed, appended by any number of processes.

Each record holds the hash of itself and of the record before it; what says which record is the last is
sealed with a key, and now and then the chain is signed (Ed25519). So an edited, reordered, inserted or
deleted record is found, and so is a log that was cut at its end. What cannot be found: changes by somebody
who can read the key, and a log that was put back as a whole to an earlier copy. Against those, keep a
checkpoint somewhere else from time to time: `verify` takes it.

It knows neither requests nor checks; what a record holds is audit_record's.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prudent.catalog.home import home
from prudent.errors import ServiceUnavailableError, StorageError
from prudent_responsible_ai import audit_chain
from prudent_responsible_ai.audit_chain import Verification
from prudent_responsible_ai.audit_key import AuditKeys, load_or_create_key
from prudent_responsible_ai.audit_record import AuditRecord, fingerprint
from prudent_responsible_ai.audit_store import AuditStore, Checkpoint, Head, Row
from prudent_responsible_ai.audit_subjects import SubjectKeys
from prudent_responsible_ai.policy import AuditSettings, OnFailure, Policy

CHECKPOINT_EVERY = 100
"""Records between two signatures."""

_log = logging.getLogger(__name__)


class AuditLog:
    """A log at `path`, an SQLite file; the keys of users lie beside it. Threads and processes may share it.

    Args:
        path: the file.
        key: 32 bytes; None loads the key in prudent's home, or makes it.
        settings: retention, durability, and what follows when a record cannot be written.

    Raises:
        ConfigurationError: the key file is damaged, or others may read it.
        StorageError: the key can be neither read nor written.
    """

    def __init__(
        self, path: Path, *, key: bytes | None = None, settings: AuditSettings | None = None
    ) -> None:
        self.path = path
        self.keys = AuditKeys(load_or_create_key(home() / "audit.key") if key is None else key)
        self._settings = settings or AuditSettings()
        self._store = AuditStore(path, durable=self._settings.durable)
        self._subjects = SubjectKeys(path.with_name(f"{path.stem}.keys{path.suffix}"))

    def write(self, user: str | None, describe: Callable[[bytes], AuditRecord]) -> str | None:
        """Append a record as the policy wants it: where that fails, go on with None, or stop the request.

        `describe` makes the record with the key of the user's fingerprints.

        Raises:
            ServiceUnavailableError: the record cannot be written, and the policy says to stop then.
        """
        try:
            return self.append(describe(self.key_of(user)))
        except StorageError as error:
            _log.error("An audit record could not be written: %s", error.message)
            if self._settings.on_failure is OnFailure.BLOCK:
                raise ServiceUnavailableError(
                    "The audit record of this request could not be written, and the policy requires one.",
                    hint="Free disk space or repair the audit folder on the server.",
                ) from error
            return None

    def append(self, record: AuditRecord) -> str:
        """Append a record and return its id.

        Raises:
            StorageError: it could not be written; then nothing of it is in the log.
        """
        return self._append(record.kind, record.model_dump(mode="json", exclude={"kind"}))

    def key_of(self, user: str | None) -> bytes:
        """The key of a user's fingerprints; raises StorageError. Nobody's is the same for all."""
        return self.keys.anonymous if user is None else self._subjects.get(self.keys.subject(user))

    def fingerprint(self, value: str, *, user: str | None = None) -> str:
        """Return the keyed hash under which a value (the user's id, a text of his) appears in the log."""
        return fingerprint(self.key_of(user), value)

    def erase(self, user: str) -> bool:
        """Destroy the key of a user: his records stay, and nobody can tell any more that they were his.

        Returns whether there was one. What was erased is itself on record. Raises StorageError.
        """
        subject = self.keys.subject(user)
        there = self._subjects.forget(subject)
        if there:
            self._append("erased", {"subject": subject})
        return there

    def records(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the records behind a sequence number that are kept, oldest first, unverified."""
        return _readable(self._store.rows(after))

    def record(self, identity: str) -> dict[str, Any] | None:
        """One record by its id; None where there is none."""
        row = self._store.row(identity)
        return None if row is None else next(_readable([row]))

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The last records, oldest first."""
        return list(_readable(self._store.latest(count)))

    def checkpoint(self) -> Checkpoint | None:
        """Sign the chain as it is now; None where there is no record yet. To be kept somewhere else."""
        with self._store.changing() as connection:
            last = connection.execute("SELECT * FROM records ORDER BY sequence DESC LIMIT 1").fetchone()
            return None if last is None else self._sign(connection, Row(*last))

    def verify(self, anchors: Sequence[Checkpoint] = ()) -> Verification:
        """Read the whole log and say whether it is unbroken; the first broken record is named.

        `anchors` are checkpoints that were kept elsewhere.
        """
        with self._store.snapshot() as log:
            return audit_chain.verify(self.keys, log.rows(), log.head(), log.checkpoints(), anchors)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._store.close()

    def _append(self, kind: str, body: dict[str, Any]) -> str:
        identity = f"aud_{uuid.uuid4().hex}"
        with self._store.changing() as connection:
            found = connection.execute("SELECT sequence, hash, seal FROM head").fetchone()
            last = None if found is None else Head(*found)
            row = self._add(connection, last, kind, body, identity)
            if row.sequence % CHECKPOINT_EVERY == 0:
                self._sign(connection, row)
                self._expire(connection, row)
        return identity

    def _add(
        self,
        connection: sqlite3.Connection,
        last: Head | None,
        kind: str,
        body: dict[str, Any],
        identity: str,
    ) -> Row:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = audit_chain.chained(last, identity=identity, time=now, kind=kind, body=body)
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(row))
        head = audit_chain.sealed(self.keys, row)
        connection.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?)", astuple(head))
        return row

    def _sign(self, connection: sqlite3.Connection, row: Row) -> Checkpoint:
        checkpoint = audit_chain.signed(self.keys, row)
        connection.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", astuple(checkpoint))
        return checkpoint

    def _expire(self, connection: sqlite3.Connection, last: Row) -> None:
        """Remove what is past its retention, and record that."""
        oldest = (datetime.now(UTC) - timedelta(days=self._settings.retention_days)).isoformat()
        query = "SELECT sequence, hash FROM records WHERE time < ? ORDER BY sequence DESC LIMIT 1"
        found = connection.execute(query, (oldest,)).fetchone()
        if found is None:
            return
        up_to, digest = found
        head = Head(last.sequence, last.hash, "")
        self._add(connection, head, "expired", {"up_to": up_to, "hash": digest}, f"aud_{uuid.uuid4().hex}")
        connection.execute("INSERT OR IGNORE INTO retention VALUES (?)", (up_to,))
        connection.execute("DELETE FROM records WHERE sequence <= ?", (up_to,))
        connection.execute("DELETE FROM checkpoints WHERE sequence <= ?", (up_to,))


def _readable(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "sequence": row.sequence,
            "id": row.id,
            "time": row.time,
            "kind": row.kind,
            "body": json.loads(row.body),
            "previous": row.previous,
            "hash": row.hash,
        }


def audit_path(settings: AuditSettings) -> Path:
    """Return where the log of these settings lies."""
    return Path(settings.path).expanduser() if settings.path else home() / "audit" / "audit.db"


def open_audit(policy: Policy) -> AuditLog | None:
    """Return the log that the policy asks for; None where it turns the audit off."""
    return AuditLog(audit_path(policy.audit), settings=policy.audit) if policy.audit.enabled else None


__all__ = ["AuditLog", "Checkpoint", "Verification", "audit_path", "open_audit"]
