"""The chain of the audit log: sealing a record, reading the end of a file, verifying the whole.

It knows nothing of what a record is about.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

GENESIS = "0" * 64
"""What stands for the record before the first."""

_BLOCK = 64 << 10


@dataclass(frozen=True, slots=True)
class Link:
    """A record as the next one refers to it. Sequence 0 is the beginning."""

    sequence: int
    hash: str
    time: str | None = None


START = Link(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a file: its last whole record, its size up to there, bytes of a torn one after it."""

    link: Link
    size: int
    torn: int


@dataclass(frozen=True, slots=True)
class Head:
    """What the head file says is the last record. `sound` is false where it was not written with our key."""

    sequence: int
    hash: str
    sound: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the log is unbroken. `problem` says what is wrong first, at which record and line.

    `head` is the hash of the last record: kept elsewhere, it proves later that nothing before it changed.
    `expired_to` is the last sequence number that retention removed.
    """

    ok: bool
    records: int
    head: str
    problem: str | None = None
    sequence: int | None = None
    file: str | None = None
    line: int | None = None
    expired_to: int = 0


def seal(key: bytes, last: Link, fields: dict[str, Any]) -> tuple[bytes, Link]:
    """Return the line of a record that follows `last`, and the record as a link."""
    record = {"sequence": last.sequence + 1, "previous": last.hash, **fields}
    record["hash"] = _hash(key, record)
    return _canonical(record) + b"\n", Link(last.sequence + 1, record["hash"], fields.get("time"))


def seal_head(key: bytes, link: Link) -> bytes:
    """Return the content of the head file."""
    return _canonical(
        {"sequence": link.sequence, "hash": link.hash, "seal": _seal(key, link.sequence, link.hash)}
    )


def open_head(key: bytes, content: bytes) -> Head:
    """Read the head file."""
    parsed = parse(content) or {}
    sequence, last = parsed.get("sequence"), parsed.get("hash")
    if not isinstance(sequence, int) or not isinstance(last, str):
        return Head(0, GENESIS, sound=False)
    return Head(sequence, last, hmac.compare_digest(str(parsed.get("seal")), _seal(key, sequence, last)))


def parse(line: bytes) -> dict[str, Any] | None:
    """Return the record of a line; None where the line is none."""
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", record) if isinstance(record, dict) else None


def tail(file: BinaryIO) -> Tail:
    """Return the end of a log file, reading backwards only as far as the last whole record."""
    size = file.seek(0, os.SEEK_END)
    data = b""
    start = size
    while start > 0 and data.count(b"\n") < 2:
        end, start = start, max(0, start - _BLOCK)
        file.seek(start)
        data = file.read(end - start) + data
    whole, newline, torn = data.rpartition(b"\n")
    if not newline:
        return Tail(START, 0, len(data))
    record = parse(whole.rpartition(b"\n")[2]) or {}
    link = Link(int(record.get("sequence", 0)), str(record.get("hash", GENESIS)), record.get("time"))
    return Tail(link, size - len(torn), len(torn))


def verify(key: bytes, segments: Sequence[Path], head: Head | None) -> Verification:
    """Walk through the segments, oldest first, and return the first break, or that there is none."""
    walk = _Walk(key, head)
    for segment in segments:
        with segment.open("rb") as file:
            for number, line in enumerate(file, start=1):
                problem = walk.step(line)
                if problem is not None:
                    return walk.broken(problem, segment.name, number)
    problem = walk.end()
    return walk.broken(problem, None, None) if problem else walk.result()


class _Walk:
    """Follows the chain record by record."""

    def __init__(self, key: bytes, head: Head | None) -> None:
        self._key = key
        self._head = head
        self._last = START
        self._records = 0
        self._missing_from: Link | None = None  # the log begins after records that are not there
        self._expired: dict[int, str] = {}
        self._head_met = False

    def step(self, line: bytes) -> str | None:
        """Take the next line; return what is wrong with it."""
        if not line.endswith(b"\n"):
            return "the last record is not whole (a crash while it was written, or a cut)"
        record = parse(line[:-1])
        if record is None:
            return "the line is not a record"
        if not hmac.compare_digest(str(record.get("hash")), _hash(self._key, record)):
            return "the record was changed, or written with another key"
        sequence, previous = record.get("sequence"), str(record.get("previous"))
        if self._records == 0 and sequence != 1:
            self._missing_from = Link(int(record["sequence"]) - 1, previous)
        elif sequence != self._last.sequence + 1 or previous != self._last.hash:
            return "one or more records before this one were removed, inserted or moved"
        if record.get("kind") == "expired":
            body = cast("dict[str, Any]", record.get("body", {}))
            self._expired[int(body.get("up_to", 0))] = str(body.get("hash"))
        self._last = Link(int(record["sequence"]), str(record["hash"]))
        if self._head and (self._head.sequence, self._head.hash) == (self._last.sequence, self._last.hash):
            self._head_met = True
        self._records += 1
        return None

    def end(self) -> str | None:
        """Return what is wrong with the log as a whole."""
        head = self._head
        gone = self._missing_from
        if gone is not None and self._expired.get(gone.sequence) != gone.hash:
            return "the first records are missing, and no record says that they expired"
        if head is None:
            return "the head file is missing" if self._records else None
        if not head.sound:
            return "the head file was changed, or written with another key"
        if head.sequence > self._last.sequence:
            return f"{head.sequence - self._last.sequence} records are missing at the end"
        if not self._head_met:
            return "the head file names another record"
        return None

    def broken(self, problem: str, file: str | None, line: int | None) -> Verification:
        return Verification(
            ok=False,
            records=self._records,
            head=self._last.hash,
            problem=problem,
            sequence=self._last.sequence + 1,
            file=file,
            line=line,
        )

    def result(self) -> Verification:
        expired = self._missing_from.sequence if self._missing_from else 0
        return Verification(ok=True, records=self._records, head=self._last.hash, expired_to=expired)


def _canonical(record: dict[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _hash(key: bytes, record: dict[str, Any]) -> str:
    rest = {name: value for name, value in record.items() if name != "hash"}
    return hmac.new(key, b"record" + _canonical(rest), hashlib.sha256).hexdigest()


def _seal(key: bytes, sequence: int, last: str) -> str:
    return hmac.new(key, f"head{sequence}:{last}".encode(), hashlib.sha256).hexdigest()
