"""Tells which events must survive a power failure before the run goes on. Knows no database.

A process that is killed loses nothing that was committed. A power failure may take commits that the disk was
not waited for; waiting takes milliseconds each time. It is waited for where the event tells of the world
outside: a call that leaves something behind, before and after it, a person's word, the run's end. What only
reads or thinks is done again.
"""

from __future__ import annotations

from collections.abc import Sequence

from prudent_agents.events import Event, ToolFailed, ToolFinished, ToolIntended
from prudent_agents.tool import Effect

_INSIDE = frozenset(
    (
        "run_started",
        "planned",
        "step_added",
        "step_started",
        "model_called",
        "checked",
        "step_done",
        "step_skipped",
        "step_failed",
        "refused",
        "resumed",
    )
)


class Outside:
    """Follows the calls of one journal object: the outcome of a call says nothing of its effect."""

    def __init__(self) -> None:
        self._reading: set[str] = set()

    def told_by(self, events: Sequence[Event]) -> bool:
        """Whether any of the events tells of the world outside the journal."""
        told = [self._follow(event) for event in events]  # every one is followed
        return any(told)

    def _follow(self, event: Event) -> bool:
        if isinstance(event, ToolIntended) and event.effect is Effect.READ:
            self._reading.add(event.key)
            return False
        if isinstance(event, ToolFinished | ToolFailed) and event.key in self._reading:
            self._reading.discard(event.key)
            return False
        return event.kind not in _INSIDE
