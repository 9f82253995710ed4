"""Calls that wait for a person's word: asked for, given or denied in any process, and used once.

It works on a connection that the journal opened. Knows no loop.

A word that was asked for is claimed; it is used up for good once the run's journal holds it. A process that
is killed in between loses nothing: whoever takes the run over finds the word again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass

from prudent.errors import NotFoundError
from prudent_agents.events import ApprovalAsked, ApprovalGiven, Event
from prudent_responsible_ai.approvals import ApprovalState

_SELECT = "SELECT digest, run, step, tool, reason, asked, approved, by, recorded FROM approvals "


@dataclass(frozen=True, slots=True)
class Approval:
    """A call that was held: of which run and step, when it was asked (in seconds since 1970), its state."""

    digest: str
    run: str
    step: str
    tool: str
    reason: str
    asked: float
    state: ApprovalState
    by: str | None


def follow(connection: sqlite3.Connection, run: str, events: Iterable[Event]) -> None:
    """Keep what new events of a run say of approvals."""
    for event in events:
        if isinstance(event, ApprovalAsked):
            connection.execute(
                "INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL, 0, 0)"
                " ON CONFLICT (digest) DO UPDATE SET asked = excluded.asked, reason = excluded.reason,"
                " approved = NULL, decided = NULL, by = NULL, claimed = 0, recorded = 0 WHERE recorded = 1",
                (event.digest, run, event.step, event.tool, event.reason, event.at),
            )
        elif isinstance(event, ApprovalGiven):
            connection.execute(
                "UPDATE approvals SET approved = ?, decided = ?, by = coalesce(by, ?), claimed = 1,"
                " recorded = 1 WHERE digest = ? AND run = ?",
                (event.approved, event.at, event.by, event.digest, run),
            )


def decided(connection: sqlite3.Connection, digest: str) -> bool:
    """Whether there is a word on a call that nobody has asked for yet."""
    query = "SELECT 1 FROM approvals WHERE digest = ? AND claimed = 0 AND approved IS NOT NULL"
    return connection.execute(query, (digest,)).fetchone() is not None


def claim(connection: sqlite3.Connection, digest: str) -> bool | None:
    """The word on a call, for this once."""
    if not decided(connection, digest):
        return None
    row = connection.execute("SELECT approved FROM approvals WHERE digest = ?", (digest,)).fetchone()
    connection.execute("UPDATE approvals SET claimed = 1 WHERE digest = ?", (digest,))
    return bool(row[0])


def unclaim(connection: sqlite3.Connection, run: str) -> None:
    """Give words back that a process asked for and then did not live to act on."""
    connection.execute("UPDATE approvals SET claimed = 0 WHERE run = ? AND recorded = 0", (run,))


def decide(connection: sqlite3.Connection, digest: str, *, approve: bool, by: str) -> Approval:
    """Give or refuse a word. `digest` may be its beginning. Raises NotFoundError: none or several wait."""
    found = connection.execute(
        "SELECT digest FROM approvals WHERE substr(digest, 1, ?) = ? AND approved IS NULL",
        (len(digest), digest),
    ).fetchall()
    if not digest or len(found) != 1:
        what = "Several calls that wait begin" if found else "No call that waits begins"
        raise NotFoundError(
            f"{what} with '{digest[:64]}'.", hint="`prudent agent list` shows those that wait."
        )
    whole = found[0][0]
    connection.execute(
        "UPDATE approvals SET approved = ?, decided = ?, by = ? WHERE digest = ?",
        (approve, time.time(), by, whole),
    )
    return _one(connection.execute(_SELECT + "WHERE digest = ?", (whole,)).fetchone())


def waiting(connection: sqlite3.Connection, run: str | None = None) -> list[Approval]:
    """The calls that wait, the one asked first first."""
    rows = connection.execute(
        _SELECT + "WHERE approved IS NULL AND run = coalesce(?, run) ORDER BY asked", (run,)
    )
    return [_one(row) for row in rows.fetchall()]


def drop(connection: sqlite3.Connection, run: str, *, waiting_only: bool) -> None:
    """Forget the approvals of a run that ended (those that wait) or is removed (all)."""
    query = "DELETE FROM approvals WHERE run = ? AND (approved IS NULL OR NOT ?)"
    connection.execute(query, (run, waiting_only))


def _one(row: tuple[str, str, str, str, str, float, int | None, str | None, int]) -> Approval:
    digest, run, step, tool, reason, asked, approved, by, recorded = row
    if approved is None:
        state = ApprovalState.WAITING
    elif recorded:
        state = ApprovalState.USED
    else:
        state = ApprovalState.APPROVED if approved else ApprovalState.DENIED
    return Approval(digest, run, step, tool, reason, asked, state, by)
