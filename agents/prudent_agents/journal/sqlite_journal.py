"""The journal on SQLite: what the loop writes, and what commands read. Knows no loop, no model, no tool."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prudent.catalog.home import home
from prudent_agents.errors import JournalError, RunConflictError, RunNotFoundError
from prudent_agents.events import Event, Paused, Resumed, RunEnded, RunStarted, Status
from prudent_agents.journal import approvals, chain, event_rows, retention
from prudent_agents.journal.approvals import Approval
from prudent_agents.journal.chain import GENESIS, Verification
from prudent_agents.journal.database import Database
from prudent_agents.journal.outside import Outside
from prudent_agents.journal.owner import Owner, alive
from prudent_agents.journal.retention import Retention

_GOAL_SHOWN = 200
_SELECT = "SELECT id, agent, goal, status, parent, started, updated, events, lease_owner FROM runs "


def journal_file() -> Path:
    """Where runs are kept in prudent's home. Raises ConfigurationError: there is no home."""
    return home() / "agents.db"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a list of runs shows. Times are in seconds since 1970; `goal` is cut short.

    `held`: a living process runs it. A run that is `running` and not held was interrupted: it can be resumed.
    """

    id: str
    agent: str
    goal: str
    status: Status
    parent: str | None
    started: float
    updated: float
    events: int
    held: bool

    @property
    def state(self) -> str:
        """The status, with `interrupted` for a run that nobody runs and that did not end."""
        return "interrupted" if self.status == "running" and not self.held else self.status


class SqliteJournal:
    """Runs in an SQLite file, by default `agents.db` in prudent's home. See `recording.Journal`.

    Threads and processes may share the file. A run belongs to the journal object that began or took it, until
    it is released, the object is closed, or its process ends: then any other may take it, at once.
    """

    durable = True

    def __init__(self, path: Path | str | None = None, *, retention: Retention | None = None) -> None:
        self._database = Database(Path(path) if path is not None else journal_file())
        self._owners = self.path.with_name(f"{self.path.name}-owners")
        self._owner: Owner | None = None
        self._retention: Retention | None = retention or Retention()
        self._outside = Outside()
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file. It need not exist."""
        return self._database.path

    def begin(self, started: RunStarted, known: Sequence[Event] = ()) -> None:
        """See `Journal.begin`. The first run of a journal object also removes what is kept too long."""
        self._prune_once()
        events, token = event_rows.prepared([started, *known]), self._token()
        with self._database.changing() as connection:
            if connection.execute("SELECT 1 FROM runs WHERE id = ?", (started.run,)).fetchone():
                raise RunConflictError(f"There is a run {started.run} already.")
            self._create(connection, started, events, token)

    def append(self, run: str, events: Sequence[Event]) -> None:
        """See `Journal.append`."""
        kept = event_rows.prepared(events)
        if not kept:
            return
        token = self._token()
        with self._database.changing(wait=self._outside.told_by(events)) as connection:
            row = connection.execute(
                "SELECT events, head, status, lease_owner FROM runs WHERE id = ?", (run,)
            ).fetchone()
            if row is None:
                raise _not_found(run)
            count, head, status, owner = row
            if owner != token:
                raise RunConflictError(
                    f"The run {run} belongs to another process now.", hint="Nothing more is done here."
                )
            count, head = event_rows.insert(connection, run, kept, count, head)
            status = _status(events, status)
            connection.execute(
                "UPDATE runs SET events = ?, head = ?, status = ?, updated = ? WHERE id = ?",
                (count, head, status, kept[-1].event.at, run),
            )
            approvals.follow(connection, run, events)
            if isinstance(kept[-1].event, RunEnded):
                approvals.drop(connection, run, waiting_only=True)

    def take(self, run: str) -> list[Event]:
        """See `Journal.take`."""
        token = self._token()
        with self._database.changing() as connection:
            row = connection.execute("SELECT lease_owner FROM runs WHERE id = ?", (run,)).fetchone()
            if row is None:
                raise _not_found(run)
            if row[0] is not None and alive(self._owners, row[0]):
                raise RunConflictError(f"The run {run} is being run.", hint="Wait for it, or cancel it.")
            connection.execute(
                "UPDATE runs SET lease_owner = ?, lease_epoch = lease_epoch + 1 WHERE id = ?", (token, run)
            )
            approvals.unclaim(connection, run)
            return _events(connection, run)

    def release(self, run: str) -> None:
        """See `Journal.release`."""
        with self._database.changing() as connection:
            connection.execute(
                "UPDATE runs SET lease_owner = NULL WHERE id = ? AND lease_owner = ?", (run, self._token())
            )

    def events(self, run: str) -> list[Event]:
        """See `Journal.events`. Raises JournalError too where the chain of the run's events is broken."""
        with self._database.reading() as connection:
            return _events(connection, run)

    def decision(self, digest: str) -> bool | None:
        """See `Journal.decision`."""
        with self._database.reading() as connection:
            if not approvals.decided(connection, digest):
                return None
        with self._database.changing() as connection:
            return approvals.claim(connection, digest)

    def decide(self, digest: str, *, approve: bool, by: str = "user") -> Approval:
        """Give or refuse a person's word on a call. `digest` may be its beginning.

        Raises:
            NotFoundError: no call that waits has this digest, or several have.
        """
        with self._database.changing() as connection:
            return approvals.decide(connection, digest, approve=approve, by=by)

    def waiting(self, run: str | None = None) -> list[Approval]:
        """The calls that wait for a person, of one run or of all."""
        with self._database.reading() as connection:
            return approvals.waiting(connection, run)

    def runs(self, limit: int = 50) -> list[RunSummary]:
        """The runs that changed last, the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(_SELECT + "ORDER BY updated DESC LIMIT ?", (limit,)).fetchall()
        return [self._summary(row) for row in rows]

    def find(self, beginning: str) -> RunSummary:
        """The run whose id begins so. Raises RunNotFoundError: none does, or several do."""
        with self._database.reading() as connection:
            rows = connection.execute(
                _SELECT + "WHERE substr(id, 1, ?) = ? ORDER BY length(id) LIMIT 2",
                (len(beginning), beginning),
            ).fetchall()
        if rows and (len(rows) == 1 or rows[0][0] == beginning):
            return self._summary(rows[0])
        if rows:
            raise RunNotFoundError(
                f"Several runs begin with '{beginning[:64]}'.", hint="Give more of the id."
            )
        raise _not_found(beginning)

    def copy(self, started: RunStarted, events: Sequence[Event]) -> None:
        """Keep a run that somebody may take: a fork. `events` are those after its start."""
        kept = event_rows.prepared([started, *events])
        with self._database.changing() as connection:
            if connection.execute("SELECT 1 FROM runs WHERE id = ?", (started.run,)).fetchone():
                raise RunConflictError(f"There is a run {started.run} already.")
            self._create(connection, started, kept, None)

    def verify(self, run: str | None = None) -> list[Verification]:
        """Say of a run, or of all, whether what is kept of it is what was written.

        Raises:
            JournalError: the file is damaged so that SQLite cannot read it.
        """
        damage = self._database.damage()
        if damage is not None:
            raise JournalError(f"The journal {self.path} is damaged: {damage}.")
        with self._database.reading() as connection:
            names = connection.execute("SELECT id FROM runs ORDER BY started").fetchall()
            if run is not None and (run,) not in names:
                raise _not_found(run)
            return [_verified(connection, one) for one in ([run] if run else [name for (name,) in names])]

    def forget(self, run: str) -> None:
        """Remove a run for good. Raises RunNotFoundError, RunConflictError: a living process runs it."""
        if self.find(run).held:
            raise RunConflictError(f"The run {run} is being run.", hint="Cancel it first.")
        with self._database.changing() as connection:
            retention.remove(connection, run)
        self._database.shrink()

    def prune(self, keep: Retention | None = None) -> int:
        """Remove runs that are kept too long or are too much; returns how many."""
        with self._database.changing() as connection:
            removed = retention.prune(connection, keep or Retention(), time.time())
        if removed:
            self._database.shrink()
        return removed

    def close(self) -> None:
        """Close the file and give every run back that this object holds."""
        with self._lock:
            if self._owner is not None:
                self._owner.close()
                self._owner = None
        self._database.close()

    def _token(self) -> str:
        """What this object's leases are known by."""
        with self._lock:
            if self._owner is None:
                try:
                    self._owner = Owner(self._owners)
                except OSError as error:
                    raise JournalError(
                        f"The journal cannot say who runs a run: {self._owners}: {error.strerror}.",
                        hint="Free disk space, or move prudent's home with PRUDENT_HOME.",
                    ) from error
            return self._owner.token

    def _prune_once(self) -> None:
        with self._lock:
            keep, self._retention = self._retention, None
        if keep is not None:
            self.prune(keep)

    @staticmethod
    def _create(
        connection: sqlite3.Connection,
        started: RunStarted,
        events: Sequence[event_rows.Prepared],
        owner: str | None,
    ) -> None:
        count, head = event_rows.insert(connection, started.run, events, 0, GENESIS)
        connection.execute(
            "INSERT INTO runs VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, 1)",
            (
                started.run,
                started.agent,
                started.goal[:_GOAL_SHOWN],
                started.parent,
                started.at,
                time.time(),
                count,
                head,
                owner,
            ),
        )

    def _summary(self, row: tuple[Any, ...]) -> RunSummary:
        *shown, owner = row
        return RunSummary(*shown, held=owner is not None and alive(self._owners, owner))


def _events(connection: sqlite3.Connection, run: str) -> list[Event]:
    result = _chain(connection, run)
    if not result.ok:
        raise JournalError(
            f"Run {run} is damaged at event {result.seq}: {result.problem}.",
            hint="It cannot be resumed. `prudent agent verify` looks through all runs.",
        )
    return [event_rows.event_of(connection, row) for row in event_rows.rows(connection, run)]


def _chain(connection: sqlite3.Connection, run: str) -> Verification:
    row = connection.execute("SELECT events, head FROM runs WHERE id = ?", (run,)).fetchone()
    if row is None:
        raise _not_found(run)
    return chain.verify(run, event_rows.rows(connection, run), *row)


def _verified(connection: sqlite3.Connection, run: str) -> Verification:
    result = _chain(connection, run)
    if not result.ok:
        return result
    for row in event_rows.rows(connection, run):
        try:
            event_rows.event_of(connection, row)
        except JournalError as error:
            return Verification(
                run, ok=False, events=result.events, head=result.head, problem=error.message, seq=row.seq
            )
    return result


def _status(events: Iterable[Event], status: Status) -> Status:
    for event in events:
        if isinstance(event, RunEnded):
            status = event.status
        elif isinstance(event, Paused):
            status = "paused"
        elif isinstance(event, Resumed):
            status = "running"
    return status


def _not_found(run: str) -> RunNotFoundError:
    return RunNotFoundError(f"There is no run {run[:64]}.", hint="`prudent agent list` shows them.")
