"""Events as rows and rows as events, on a connection that the journal opened. Knows no lease and no loop."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from prudent_agents.errors import JournalError
from prudent_agents.events import EVENTS, VERSION, Event
from prudent_agents.journal import chain
from prudent_agents.journal.large_values import Blobs, put_together, taken_apart
from prudent_agents.journal.upcasters import UPCASTERS, Upcaster, upcast


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event as it will be kept, made before the file is locked."""

    event: Event
    body: str
    blobs: Blobs


def prepared(events: Sequence[Event]) -> list[Prepared]:
    """Events that are kept, ready to be written. Raises JournalError: one is no JSON."""
    return [_prepared(event) for event in events if event.kept]


def insert(
    connection: sqlite3.Connection, run: str, events: Sequence[Prepared], count: int, head: bytes
) -> tuple[int, bytes]:
    """Write events behind the `count` that a run has, the last of which has the hash `head`.

    Returns how many there are now and the hash of the last.
    """
    for one in events:
        count += 1
        row = chain.chained(run, count, one.event.kind, VERSION, one.event.at, one.body, head)
        connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.run, row.seq, row.kind, row.version, row.at, row.body, row.prev_hash, row.hash),
        )
        connection.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?)", one.blobs.items())
        connection.executemany(
            "INSERT OR IGNORE INTO blob_uses VALUES (?, ?)", ((run, key) for key in one.blobs)
        )
        head = row.hash
    return count, head


def rows(connection: sqlite3.Connection, run: str) -> Iterator[chain.Row]:
    """The rows of a run, in order."""
    query = "SELECT run, seq, kind, version, at, body, prev_hash, hash FROM events WHERE run = ? ORDER BY seq"
    for row in connection.execute(query, (run,)):
        yield chain.Row(*row)


def event_of(
    connection: sqlite3.Connection, row: chain.Row, upcasters: Mapping[int, Upcaster] = UPCASTERS
) -> Event:
    """The event of a row, in today's form. Raises JournalError: a part is missing, or it is no event."""
    where = f"Event {row.seq} of run {row.run}"

    def blob(key: bytes) -> bytes:
        found = connection.execute("SELECT data FROM blobs WHERE hash = ?", (key,)).fetchone()
        data = found[0] if found is not None else None
        if not isinstance(data, bytes) or hashlib.sha256(data).digest() != key:
            raise JournalError(
                f"{where} is damaged: a large value of it is missing or was changed.",
                hint="`prudent agent verify` looks through all runs.",
            )
        return data

    try:
        record = put_together(row.body, blob) | {"kind": row.kind, "at": row.at}
        return EVENTS.validate_python(upcast(record, row.version, VERSION, upcasters))
    except (ValueError, ValidationError) as error:
        raise JournalError(f"{where} cannot be read: {error}") from error


def _prepared(event: Event) -> Prepared:
    try:
        record = event.model_dump(mode="json", exclude={"kind", "at"})
        return Prepared(event, *taken_apart(record))
    except (ValueError, TypeError, RecursionError) as error:
        raise JournalError(
            f"A {event.kind} event cannot be kept: {error}.", hint="Tools return JSON: text, numbers, lists."
        ) from error
