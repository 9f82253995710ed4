"""The chain of the audit log: sealing a record, signing a checkpoint, verifying the whole.

It knows nothing of what a record is about, and no database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from prudent_responsible_ai.audit_key import AuditKeys
from prudent_responsible_ai.audit_store import Checkpoint, Head, Row

GENESIS = "0" * 64
"""What stands for the record before the first."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the log is unbroken. `problem` says what is wrong first, at which record.

    `head` is the hash of the last record: kept elsewhere, it proves later that nothing before it changed.
    `signed_to` is the last sequence number that a checkpoint covers, `expired_to` the last one that retention
    removed.
    """

    ok: bool
    records: int
    head: str
    problem: str | None = None
    sequence: int | None = None
    signed_to: int = 0
    expired_to: int = 0


def chained(last: Head | None, *, identity: str, time: str, kind: str, body: dict[str, Any]) -> Row:
    """The record that follows `last`, with its hash."""
    sequence, previous = (1, GENESIS) if last is None else (last.sequence + 1, last.hash)
    row = Row(sequence, identity, time, kind, _canonical(body), previous, "")
    return replace(row, hash=hash_of(row))


def hash_of(row: Row) -> str:
    """SHA-256 over all fields of a record but the hash itself, and so over the chain before it."""
    fields = {name: value for name, value in asdict(row).items() if name != "hash"}
    return hashlib.sha256(b"prudent audit record" + _canonical(fields).encode()).hexdigest()


def sealed(keys: AuditKeys, row: Row) -> Head:
    """A record as the last one, sealed."""
    return Head(row.sequence, row.hash, _seal(keys, row.sequence, row.hash))


def signed(keys: AuditKeys, row: Row) -> Checkpoint:
    """A checkpoint at a record: whoever has the public key can tell that the chain up to it was ours."""
    message = _message(row.sequence, row.hash, row.time)
    return Checkpoint(row.sequence, row.hash, row.time, keys.signing.sign(message).hex())


def signature_holds(checkpoint: Checkpoint, public: Ed25519PublicKey) -> bool:
    """Whether a checkpoint was signed with the key that belongs to `public`."""
    message = _message(checkpoint.sequence, checkpoint.hash, checkpoint.time)
    try:
        public.verify(bytes.fromhex(checkpoint.signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(
    keys: AuditKeys,
    rows: Iterable[Row],
    head: Head | None,
    checkpoints: Sequence[Checkpoint],
    anchors: Sequence[Checkpoint] = (),
) -> Verification:
    """Walk through the records, oldest first, and return the first break, or that there is none.

    `anchors` are checkpoints that were kept elsewhere: the log must still hold what they signed.
    """
    walk = _Walk(keys, [*checkpoints, *anchors])
    for row in rows:
        problem = walk.step(row)
        if problem is not None:
            return walk.broken(problem, row.sequence)
    problem = walk.end(head, anchors)
    return walk.broken(problem, walk.last + 1) if problem else walk.result(checkpoints)


class _Walk:
    """Follows the chain record by record."""

    def __init__(self, keys: AuditKeys, checkpoints: Sequence[Checkpoint]) -> None:
        self._keys = keys
        self._checkpoints: dict[int, list[Checkpoint]] = {}
        for checkpoint in checkpoints:
            self._checkpoints.setdefault(checkpoint.sequence, []).append(checkpoint)
        self.last = 0
        self._hash = GENESIS
        self._records = 0
        self._missing: tuple[int, str] | None = None  # the log begins after a record that is not there
        self._expired: dict[int, str] = {}

    def step(self, row: Row) -> str | None:
        """Take the next record; return what is wrong with it."""
        if not hmac.compare_digest(row.hash, hash_of(row)):
            return "the record was changed"
        if self._records == 0 and row.sequence != 1:
            self._missing = (row.sequence - 1, row.previous)
        elif row.sequence != self.last + 1 or row.previous != self._hash:
            return "one or more records before this one were removed, inserted or moved"
        for checkpoint in self._checkpoints.get(row.sequence, ()):
            if not signature_holds(checkpoint, self._keys.public):
                return "the checkpoint of this record was not signed with the key of this log"
            if checkpoint.hash != row.hash:
                return "the record is not the one that its checkpoint signed"
        if row.kind == "expired":
            body = cast("dict[str, Any]", json.loads(row.body))
            self._expired[int(body.get("up_to", 0))] = str(body.get("hash"))
        self.last, self._hash = row.sequence, row.hash
        self._records += 1
        return None

    def end(self, head: Head | None, anchors: Sequence[Checkpoint]) -> str | None:
        """Return what is wrong with the log as a whole."""
        if self._missing is not None and self._expired.get(self._missing[0]) != self._missing[1]:
            return "the first records are missing, and no record says that they expired"
        if head is None:
            return "the log does not say which record is its last" if self._records else None
        if not hmac.compare_digest(head.seal, _seal(self._keys, head.sequence, head.hash)):
            return "what says which record is the last was changed, or written with another key"
        if head.sequence > self.last:
            return f"{head.sequence - self.last} records are missing at the end"
        if (head.sequence, head.hash) != (self.last, self._hash):
            return "there are records behind the last one"
        if any(anchor.sequence > self.last for anchor in anchors):
            return "the log ends before a checkpoint that was kept elsewhere"
        return None

    def broken(self, problem: str, sequence: int) -> Verification:
        return Verification(
            ok=False, records=self._records, head=self._hash, problem=problem, sequence=sequence
        )

    def result(self, checkpoints: Sequence[Checkpoint]) -> Verification:
        return Verification(
            ok=True,
            records=self._records,
            head=self._hash,
            signed_to=max((checkpoint.sequence for checkpoint in checkpoints), default=0),
            expired_to=self._missing[0] if self._missing else 0,
        )


def _canonical(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _message(sequence: int, digest: str, time: str) -> bytes:
    return f"prudent audit checkpoint\n{sequence}\n{digest}\n{time}".encode()


def _seal(keys: AuditKeys, sequence: int, digest: str) -> str:
    return hmac.new(keys.sealing, f"{sequence}:{digest}".encode(), hashlib.sha256).hexdigest()
