"""A run again from its journal: no model, no tool, no checks; loud where it comes out otherwise.

Plans are taken from the journal too. What is compared is what a run is: what became of every step, which
calls were made with which arguments, what was asked of models in steps and for the answer, and the end. When
things happened, and in which order what ran side by side, is not. Knows no agent.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from prudent_agents.errors import ReplayMismatchError, RunConflictError
from prudent_agents.events import (
    ApprovalAsked,
    ApprovalGiven,
    Event,
    ModelCalled,
    Planned,
    RunStarted,
    ToolIntended,
)
from prudent_agents.models.driver import Model
from prudent_agents.plan import Plan
from prudent_agents.replaying.recorded_parts import (
    RecordedClient,
    RecordedModel,
    RecordedPlanner,
    RecordedTools,
)
from prudent_agents.running.state import RunState
from prudent_agents.tool import Tool
from prudent_agents.values import JSON, canonical, digest

_ENDS = ("done", "failed", "refused")
_SHOWN = 400


class Recording:
    """A run that ended, as parts that an agent can be made of.

    Raises:
        RunConflictError: the run did not come to its end.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.state = RunState.of(events)
        if self.state.status not in _ENDS or not isinstance(events[0], RunStarted):
            raise RunConflictError(
                f"The run {self.state.run} is {self.state.status}: only a run that ended can be replayed.",
                hint="Resume it first.",
            )
        self.started = events[0]
        self._events = list(events)
        self._missed: list[str] = []
        names = [event.plan.model for event in events if isinstance(event, Planned) and event.plan.model]
        self.model: Model = RecordedModel(events, names[0] if names else self.started.model or "", self._miss)
        self._tools = RecordedTools(events, self._miss)
        self.planner = RecordedPlanner(events if self.plan is None else events[2:], self._miss)
        self.client = RecordedClient()
        self._words = {event.digest: event.approved for event in events if isinstance(event, ApprovalGiven)}

    @property
    def plan(self) -> Plan | None:
        """The plan that the run was begun with, None where it was made in the run."""
        second = self._events[1] if len(self._events) > 1 else None
        return second.plan if isinstance(second, Planned) else None

    def tools(self, tools: Sequence[Tool]) -> list[Tool]:
        """The same tools, which look up what they gave."""
        return [self._tools.of(tool) for tool in tools]

    def word(self, asked: ApprovalAsked) -> bool | None:
        """What a person said to this call."""
        if asked.digest not in self._words:
            self._miss(
                f"{asked.step} asks whether {asked.tool} may be called, and then nobody was asked this"
            )
        return self._words.get(asked.digest)

    def compare(self, again: Sequence[Event]) -> None:
        """Raises ReplayMismatchError: the events of the replayed run tell another story than the recorded."""
        then, now = story(self._events), story(again)
        if then == now and not self._missed:
            return
        lines = list(difflib.unified_diff(then, now, "recorded", "replayed", lineterm="", n=0))
        told = "\n".join([*self._missed, *lines])
        raise ReplayMismatchError(
            f"The run {self.state.run} comes out otherwise:\n{told}",
            hint="Where the change is meant, record the run anew.",
            details={"diff": lines, "missed": list(self._missed)},
        )

    def _miss(self, what: str) -> ReplayMismatchError:
        self._missed.append(what)
        return ReplayMismatchError(what)


def story(events: Sequence[Event]) -> list[str]:
    """What a run is, in lines that can be compared."""
    state = RunState.of(event for event in events if event.kept)
    lines = [f"goal {state.goal}"]
    for step in state.plan.steps if state.plan is not None else ():
        lines.append(f"plan {canonical(step.model_dump(mode='json', exclude={'confidence'}))}")
        lines.append(f"step {step.id} {_became(state, step.id)}")
    calls = {_call(event) for event in events if isinstance(event, ToolIntended)}
    asked = [
        _asked(event)
        for event in events
        if isinstance(event, ModelCalled) and (event.step is not None or event.purpose == "answer")
    ]
    lines += sorted(calls) + sorted(asked)
    lines.append(f"end {state.status} {canonical(state.output)} {state.error or ''}".rstrip())
    return lines


def _became(state: RunState, step: str) -> str:
    if step in state.refused:
        return "was refused"
    if step in state.failed:
        return f"failed: {state.failed[step]}"
    if step in state.skipped:
        return f"was left out: {state.skipped[step]}"
    return f"gave {canonical(state.results[step].data)}" if step in state.results else "was not done"


def _call(event: ToolIntended) -> str:
    given = canonical({name: value.data for name, value in event.arguments.items()})
    place = event.step if event.item is None else f"{event.step}[{event.item}]"
    return f"call {place} {event.tool} {given}"


def _asked(event: ModelCalled) -> str:
    said: JSON = digest(event.output, characters=_SHOWN)
    return f"model {event.purpose} {event.step or ''} {event.prompt_hash[:12]} -> {said}"
