"""The chain of hashes over a run's events: what a row's hash covers, and walking along it. Knows no database.

Nobody's key is in it: the chain shows damage and changes to single rows. Somebody who may write the file
could write all of it anew; the head, kept elsewhere, finds that out too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = bytes(32)
"""What stands for the event before the first."""


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it is kept: `seq` counts from 1, `at` is in seconds since 1970, `body` is JSON."""

    run: str
    seq: int
    kind: str
    version: int
    at: float
    body: str
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether what is kept of a run is what was written. `problem` is what is wrong first, at event `seq`.

    `head` is the last event's hash (hex): kept elsewhere, it proves later that nothing before it changed.
    """

    run: str
    ok: bool
    events: int
    head: str
    problem: str | None = None
    seq: int | None = None


def hash_of(run: str, seq: int, kind: str, version: int, at: float, body: str, prev_hash: bytes) -> bytes:
    """SHA-256 over all fields of a row but the hash itself, and so over the chain before it."""
    fields = json.dumps([run, seq, kind, version, at, prev_hash.hex(), body], ensure_ascii=True)
    return hashlib.sha256(b"prudent journal event" + fields.encode()).digest()


def chained(run: str, seq: int, kind: str, version: int, at: float, body: str, prev_hash: bytes) -> Row:
    """The row that follows the one with `prev_hash`."""
    computed = hash_of(run, seq, kind, version, at, body, prev_hash)
    return Row(run, seq, kind, version, at, body, prev_hash, computed)


def verify(run: str, rows: Iterable[Row], events: int, head: bytes) -> Verification:
    """Walk along a run's rows, which should be `events` in number and end with the hash `head`."""
    last, seen = GENESIS, 0
    for row in rows:
        problem = None
        if row.seq != seen + 1 or row.prev_hash != last:
            problem = "events before this one were removed, inserted or moved"
        elif row.hash != hash_of(row.run, row.seq, row.kind, row.version, row.at, row.body, row.prev_hash):
            problem = "the event was changed"
        if problem is not None:
            return Verification(run, ok=False, events=seen, head=last.hex(), problem=problem, seq=row.seq)
        last, seen = row.hash, row.seq
    if (seen, last) != (events, head):
        problem = "events at the end are missing, or were put there by somebody else"
        return Verification(run, ok=False, events=seen, head=last.hex(), problem=problem, seq=seen + 1)
    return Verification(run, ok=True, events=seen, head=last.hex())
