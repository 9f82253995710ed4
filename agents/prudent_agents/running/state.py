"""What is known of a run: a fold over its events. The same events give the same state, also after a crash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from prudent_agents.budget import Cost
from prudent_agents.events import (
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    Asked,
    Event,
    ModelCalled,
    Planned,
    Refused,
    Resumed,
    RunEnded,
    RunStarted,
    Status,
    StepAdded,
    StepDone,
    StepFailed,
    StepSkipped,
    ToolFailed,
    ToolFinished,
    ToolIntended,
)
from prudent_agents.labels import Label
from prudent_agents.plan import Plan, Rung
from prudent_agents.values import JSON, Value


@dataclass
class RunState:
    """Where a run stands. `results` holds inputs and finished steps; `open` are calls of unknown outcome."""

    run: str = ""
    goal: str = ""
    started: RunStarted | None = None
    plan: Plan | None = None
    results: dict[str, Value] = field(default_factory=dict[str, Value])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    refused: set[str] = field(default_factory=set[str])
    """Of the failed steps, those that a rule, a check or a person forbade."""
    finished: dict[str, Value] = field(default_factory=dict[str, Value])
    """Results of calls by their keys."""
    intents: dict[tuple[str, int | None], ToolIntended] = field(
        default_factory=dict[tuple[str, "int | None"], ToolIntended]
    )
    """The latest call of each step and item that has not failed: after a crash it is this call, no other."""
    asked: dict[tuple[str, int | None], ApprovalAsked] = field(
        default_factory=dict[tuple[str, "int | None"], ApprovalAsked]
    )
    """The call of each step and item that a person was asked about: what is approved is what is called."""
    open: dict[str, ToolIntended] = field(default_factory=dict[str, ToolIntended])
    unknown: set[str] = field(default_factory=set[str])
    """Keys of calls that were given up without knowing whether they had their effect."""
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    """How often each call was begun, by its key."""
    replans: int = 0
    """How often a failed step was planned anew."""
    decisions: dict[str, bool] = field(default_factory=dict[str, bool])
    waiting: ApprovalAsked | Asked | None = None
    answers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    cost: Cost = field(default_factory=Cost)
    status: Status = "running"
    output: JSON = None
    label: Label = field(default_factory=Label)
    error: str | None = None
    last_at: float = 0.0

    @staticmethod
    def of(events: Iterable[Event]) -> RunState:
        """The state after these events."""
        state = RunState()
        for event in events:
            state.apply(event)
        return state

    @property
    def settled(self) -> set[str]:
        """The steps about which nothing is left to do."""
        return {*self.results, *self.skipped, *self.failed}

    def lost(self, name: str) -> bool:
        """Whether a step has no result because it, or one that it needs, failed."""
        if name in self.failed:
            return True
        if name not in self.skipped or self.plan is None or name not in self.plan.names:
            return False
        return any(self.lost(one) for one in self.plan.step(name).inputs)

    def apply(self, event: Event) -> None:
        """Take the next event in."""
        self._time(event)
        match event:
            case RunStarted():
                self.run, self.goal, self.started = event.run, event.goal, event
                self.results |= event.inputs
            case Planned():
                self._planned(event.plan)
            case StepAdded():
                self.plan = (self.plan or Plan(goal=self.goal, rung=Rung.STEPWISE)).extended([event.step])
            case StepDone():
                self.results[event.step] = event.value
            case StepSkipped():
                self.skipped[event.step] = event.reason
            case StepFailed():
                self.failed[event.step] = event.error
            case Refused():
                self.refused.add(event.step)
            case ModelCalled():
                self._model_called(event)
            case ToolIntended() | ToolFinished() | ToolFailed():
                self._tool(event)
            case _:
                self._talk(event)

    def _time(self, event: Event) -> None:
        """Time runs between events, except while the run waits or nobody runs it."""
        if self.last_at and self.status == "running" and not isinstance(event, Resumed):
            self.cost = self.cost.plus(seconds=max(0.0, event.at - self.last_at))
        self.last_at = event.at

    def _planned(self, plan: Plan) -> None:
        """A new plan: what failed and is in it as it was has failed still."""
        old = {} if self.plan is None else {step.id: step for step in self.plan.steps}
        same = {step.id for step in plan.steps if old.get(step.id) == step}
        self.replans += not self.failed.keys() <= same
        self.failed = {name: why for name, why in self.failed.items() if name in same}
        self.asked = {place: one for place, one in self.asked.items() if place[0] in same}
        self.plan = plan

    def _model_called(self, event: ModelCalled) -> None:
        self.cost = self.cost.plus(
            prompt_tokens=event.prompt_tokens,
            cached_tokens=event.cached_tokens,
            completion_tokens=event.completion_tokens,
            model_calls=1,
            money=event.money,
        )

    def _tool(self, event: ToolIntended | ToolFinished | ToolFailed) -> None:
        if isinstance(event, ToolIntended):
            self.open[event.key] = event
            self.intents[event.step, event.item] = event
            self.attempts[event.key] = self.attempts.get(event.key, 0) + 1
            self.unknown.discard(event.key)
            self.cost = self.cost.plus(tool_calls=1)
            return
        if event.cost is not None:
            self.cost = self.cost.plus(**event.cost.model_dump(exclude={"seconds"}))
        if isinstance(event, ToolFinished):
            self.finished[event.key] = event.value
            self.unknown.discard(event.key)
            self.open.pop(event.key, None)
        elif event.known:
            self.open.pop(event.key, None)
            self.intents.pop((event.step, event.item), None)
            self.asked.pop((event.step, event.item), None)
        else:
            self.unknown.add(event.key)

    def _talk(self, event: Event) -> None:
        """What goes between the run and its people, and how it ends."""
        match event:
            case ApprovalAsked() | Asked():
                self.waiting, self.status = event, "paused"
                if isinstance(event, ApprovalAsked):
                    self.asked[event.step, event.item] = event
            case ApprovalGiven():
                self.decisions[event.digest] = event.approved
                self.waiting, self.status = None, "running"
            case Answered():
                if isinstance(self.waiting, Asked):
                    self.answers.append((self.waiting.question, event.text))
                self.waiting, self.status = None, "running"
            case Resumed():
                self.status = "running"
            case RunEnded():
                self.status, self.output, self.error = event.status, event.output, event.error
                self.label = Label.model_validate(event.label) if event.label else self.label
            case _:
                pass
