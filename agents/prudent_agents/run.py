"""What a run came to: a fold over its events, with the questions that people ask of it. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from prudent_agents.budget import Cost
from prudent_agents.events import (
    ApprovalAsked,
    Asked,
    Checked,
    Event,
    ModelCalled,
    Refused,
    Status,
    ToolFinished,
    ToolIntended,
)
from prudent_agents.labels import Label
from prudent_agents.plan import Blank, Given, Plan, Ref
from prudent_agents.running.state import RunState
from prudent_agents.values import JSON, Value, digest

if TYPE_CHECKING:
    from prudent_agents.knowledge import Citations

_SHOWN = 120
"""Characters of a result in a line."""


@dataclass(repr=False)
class Run:
    """A run that ended or waits. `output` is what there is of an answer, typed where a type was asked for."""

    events: list[Event]
    output_type: type[BaseModel] | None = None
    state: RunState = field(init=False)

    def __post_init__(self) -> None:
        self.state = RunState.of(event for event in self.events if event.kept)

    def __repr__(self) -> str:
        shown = self.error if self.state.output is None else self.state.output
        return f"Run({self.id!r}, {self.status}: {digest(shown, characters=_SHOWN)!r})"

    def __str__(self) -> str:
        """What came of it, what it waits for or why it failed, and a line for each step."""
        asks = "" if self.waiting is None else _asked(self.waiting)
        said = asks or (self.error if self.output is None else self.output) or ""
        lines = [f"{self.status}: {said}".rstrip(": \n")]
        for step in () if self.plan is None else self.plan.steps:
            lines.append(f"  {step.id} {step.tool}: {self._became(step.id)}")
        return "\n".join(lines)

    def _became(self, step: str) -> str:
        state = self.state
        if step in state.results:
            return digest(state.results[step].data, characters=_SHOWN)
        said = (("refused", state.failed), ("failed", state.failed), ("left out", state.skipped))
        for word, those in said:
            if step in those and (word != "refused" or step in state.refused):
                return f"{word}, {those[step]}"
        return "not run"

    @property
    def id(self) -> str:
        """The run's id: `agent.resume(id)` goes on with it."""
        return self.state.run

    @property
    def status(self) -> Status:
        """done, paused, refused, failed, over_budget or cancelled."""
        return self.state.status

    @property
    def output(self) -> JSON | BaseModel:
        """The answer; None where there is none."""
        if self.output_type is not None and self.state.output is not None:
            with suppress(ValidationError):  # of a run that did not come to its end there may be a part
                return self.output_type.model_validate(self.state.output)
        return self.state.output

    @property
    def label(self) -> Label:
        """Whether others than the user and the developer have a part in the output, and who may see it."""
        return self.state.label

    @property
    def error(self) -> str | None:
        """Why it did not come to its end."""
        return self.state.error

    @property
    def cost(self) -> Cost:
        """What it used."""
        return self.state.cost

    @property
    def plan(self) -> Plan | None:
        """The plan as it was at the end."""
        return self.state.plan

    @property
    def results(self) -> dict[str, Value]:
        """The results of the steps, and the inputs."""
        return self.state.results

    @property
    def waiting(self) -> ApprovalAsked | Asked | None:
        """What a person is asked, where the run waits."""
        return self.state.waiting

    @property
    def citations(self) -> Citations | None:
        """What the answer cites of the passages that were found, with exact places; None: none was found."""
        from prudent_agents.grounding.citing import passages_in
        from prudent_agents.knowledge.citations import check_citations

        found = passages_in([one.value.data for one in self.events if isinstance(one, ToolFinished)])
        text = self.state.output
        return check_citations(text, found) if found and isinstance(text, str) else None

    def graph(self) -> str:
        """The plan as a Mermaid flowchart, with what became of each step."""
        state, plan = self.state, self.plan
        if plan is None:
            return "flowchart TD"
        states = dict.fromkeys(state.skipped, "skipped") | dict.fromkeys(state.failed, "failed")
        states |= dict.fromkeys(state.refused, "refused")
        done = {name: "done" for name in plan.names if name in state.results}
        return plan.mermaid(states | done)

    def why(self, step: str) -> str:
        """Where a step's call and its values came from, in lines. Raises PlanError: there is no such step."""
        lines: list[str] = []
        plan = self.plan or Plan(goal=self.state.goal)
        planned = plan.step(step)
        lines.append(f"{step} calls {planned.tool}" + (f", for: {planned.about}" if planned.about else ""))
        if planned.confidence is not None:
            lines.append(f"  the model chose it with a confidence of {planned.confidence:.0%}")
        for name, argument in planned.arguments.items():
            lines.append(f"  {name}: {_origin(argument)}")
        for event in self.events:
            if getattr(event, "step", None) == step:
                lines += _said(event)
        return "\n".join(lines)


def _asked(waiting: ApprovalAsked | Asked) -> str:
    if isinstance(waiting, Asked):
        return waiting.question
    return f"may {waiting.tool}({_listed(waiting.arguments)}) be called? ({waiting.reason})"


def _listed(arguments: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={digest(one.data, characters=60)!r}" for name, one in arguments.items())


def _origin(argument: Given | Ref | Blank) -> str:
    if isinstance(argument, Given):
        return f"{digest(argument.value, characters=80)} (from the {argument.origin})"
    if isinstance(argument, Ref):
        return f"{argument} (a result)"
    return f"filled by the model from the request and {', '.join(argument.inputs) or 'nothing else'}"


def _said(event: Event) -> Sequence[str]:
    """The lines that an event adds to a step's story."""
    match event:
        case ToolIntended():
            given = ", ".join(
                f"{name}={digest(value.data, characters=60)!r} [{value.label.integrity}"
                + (f"; {', '.join(sorted(value.label.sources))}]" if value.label.sources else "]")
                for name, value in event.arguments.items()
            )
            return [f"  called with {given or 'nothing'}"]
        case ToolFinished():
            return [f"  gave {digest(event.value.data, characters=120)} in {event.seconds:.2f} s"]
        case ModelCalled():
            sure = "" if event.confidence is None else f", {event.confidence:.0%} sure"
            return [f"  {event.model} was asked for {event.purpose}: {event.prompt_tokens} tokens read{sure}"]
        case Refused():
            return [f"  refused: {event.reason} (rule: {event.rule})"]
        case Checked():
            return [f"  checks on its {event.what}: {'; '.join(event.findings)}"]
        case _:
            return []
