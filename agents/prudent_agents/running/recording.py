"""Where a run's events are kept, as the loop sees it, and one place that is memory only. Knows no loop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prudent_agents.errors import RunConflictError, RunNotFoundError
from prudent_agents.events import Event, RunStarted


class Journal(Protocol):
    """Keeps events, in order, for ever or for as long as it says. Calls may block on a disk.

    Every method raises JournalError where nothing can be read or written; then nothing was done.
    """

    @property
    def durable(self) -> bool:
        """Whether a run survives its process."""
        ...

    def begin(self, started: RunStarted, known: Sequence[Event] = ()) -> None:
        """Begin a run with what is known of it at once, and hold its lease.

        Raises:
            RunConflictError: there is one of this id.
        """
        ...

    def append(self, run: str, events: Sequence[Event]) -> None:
        """Keep events that follow those before, all or none; on the disk when it returns.

        Raises:
            RunConflictError: the lease is another's now; nothing more may be done in this run.
        """
        ...

    def take(self, run: str) -> list[Event]:
        """Take a run over that no one is running, with its events so far.

        Raises:
            RunNotFoundError: there is none.
            RunConflictError: a living process holds it.
        """
        ...

    def release(self, run: str) -> None:
        """Give the lease back: the run ended, or it waits."""
        ...

    def events(self, run: str) -> list[Event]:
        """All events of a run. Raises RunNotFoundError."""
        ...

    def decision(self, digest: str) -> bool | None:
        """A person's word on the call of this digest, used up by asking for it; None: there is none."""
        ...


@dataclass
class MemoryJournal:
    """Keeps runs in memory: `durable=False`."""

    durable: bool = False
    decisions: dict[str, bool] = field(default_factory=dict[str, bool])
    _runs: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    _held: set[str] = field(default_factory=set[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, started: RunStarted, known: Sequence[Event] = ()) -> None:
        """See `Journal.begin`."""
        with self._lock:
            if started.run in self._runs:
                raise RunConflictError(f"There is a run {started.run} already.")
            self._runs[started.run] = [started, *known]
            self._held.add(started.run)

    def append(self, run: str, events: Sequence[Event]) -> None:
        """See `Journal.append`."""
        with self._lock:
            self._of(run).extend(event for event in events if event.kept)

    def take(self, run: str) -> list[Event]:
        """See `Journal.take`."""
        with self._lock:
            events = self._of(run)
            if run in self._held:
                raise RunConflictError(f"The run {run} is being run.", hint="Wait for it, or cancel it.")
            self._held.add(run)
            return list(events)

    def release(self, run: str) -> None:
        """See `Journal.release`."""
        with self._lock:
            self._held.discard(run)

    def events(self, run: str) -> list[Event]:
        """See `Journal.events`."""
        with self._lock:
            return list(self._of(run))

    def decision(self, digest: str) -> bool | None:
        """See `Journal.decision`."""
        with self._lock:
            return self.decisions.pop(digest, None)

    def _of(self, run: str) -> list[Event]:
        if run not in self._runs:
            raise RunNotFoundError(f"There is no run {run[:64]}.", hint="`prudent agent list` shows them.")
        return self._runs[run]
