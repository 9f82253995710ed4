"""How long runs are kept: by age and by the size of the file. It works on a connection. Knows no event."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from prudent_agents.journal import approvals

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """What is removed when a journal is first written to by a process; None: nothing for that reason.

    Runs that ended more than `days` ago go, and the oldest ended ones while the file holds more than
    `megabytes`. Runs that wait or could be resumed are never removed by it.
    """

    days: float | None = 90.0
    megabytes: float | None = 1024.0


def prune(connection: sqlite3.Connection, retention: Retention, now: float) -> int:
    """Remove what is too old or too much; returns how many runs went. `now` is in seconds since 1970."""
    removed = 0
    if retention.days is not None:
        old = connection.execute(
            "SELECT id FROM ended_runs WHERE updated < ?", (now - retention.days * _DAY,)
        ).fetchall()
        for (run,) in old:
            remove(connection, run)
        removed += len(old)
    if retention.megabytes is not None:
        while _used_bytes(connection) > retention.megabytes * 1e6:
            oldest = connection.execute("SELECT id FROM ended_runs ORDER BY updated LIMIT 1").fetchone()
            if oldest is None:
                break
            remove(connection, oldest[0])
            removed += 1
    return removed


def remove(connection: sqlite3.Connection, run: str) -> None:
    """Remove a run with all that only it uses."""
    connection.execute(
        "DELETE FROM blobs WHERE hash IN (SELECT hash FROM blob_uses AS its WHERE run = ? AND NOT EXISTS"
        " (SELECT 1 FROM blob_uses AS other WHERE other.hash = its.hash AND other.run <> its.run))",
        (run,),
    )
    connection.execute("DELETE FROM blob_uses WHERE run = ?", (run,))
    connection.execute("DELETE FROM events WHERE run = ?", (run,))
    connection.execute("DELETE FROM runs WHERE id = ?", (run,))
    approvals.drop(connection, run, waiting_only=False)


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
