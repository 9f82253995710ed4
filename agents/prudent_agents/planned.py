"""A plan that has not run, to be looked at: steps, where values come from, effects, and what it will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prudent_agents.plan import FILL, SAY, Blank, Estimate, Given, Plan, Ref
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import digest

if TYPE_CHECKING:
    from prudent_agents.events import Event
    from prudent_agents.run import Run
    from prudent_agents.running.work import Approve

_PROMPT_TOKENS = (120, 700)
_ANSWER_TOKENS = (10, 200)
"""What one call of a model reads and writes, as seen in this project's own tasks (low, high)."""


@dataclass(frozen=True)
class PlannedRun:
    """A plan with what it takes to run it. Nothing has run; `print` it, change `plan`, or `run` it."""

    plan: Plan
    tools: Mapping[str, Tool]
    start: Callable[[Plan, Approve | None], Run]
    start_stream: Callable[[Plan, Approve | None], Iterator[Event]]

    def run(self, *, approve: Approve | None = None) -> Run:
        """Run it as it is. See `Agent.run`."""
        return self.start(self.plan, approve)

    def stream(self, *, approve: Approve | None = None) -> Iterator[Event]:
        """Run it as it is, event by event; `Run(list(events))` folds them. See `Agent.stream`."""
        return self.start_stream(self.plan, approve)

    def __str__(self) -> str:
        lines = [f"Plan for: {self.plan.goal}"]
        for step in self.plan.steps:
            effect = Effect.READ if step.tool in (FILL, SAY) else self.tools[step.tool].effect
            sure = "" if step.confidence is None else f", {step.confidence:.0%} sure"
            lines.append(
                f"  {step.id}: {step.tool} ({effect}{sure})" + (f" - {step.about}" if step.about else "")
            )
            lines += [f"      {name} = {_shown(argument)}" for name, argument in step.arguments.items()]
            if step.needs:
                lines.append(f"      after {', '.join(step.needs)}")
        if not self.plan.steps:
            lines.append("  no tool fits; the model answers by itself")
        if (estimate := self.plan.estimate) is not None:
            lines.append(f"  expected: {shown(estimate)}")
        return "\n".join(lines)


def shown(estimate: Estimate) -> str:
    """An estimate in words."""
    tokens, calls, seconds = estimate.tokens, estimate.calls, estimate.seconds
    money = "no money" if estimate.money == (0.0, 0.0) else "an unknown price"
    if estimate.money is not None and estimate.money != (0.0, 0.0):
        money = f"{estimate.money[0]:.4f}-{estimate.money[1]:.4f} in money"
    return (
        f"{tokens[0]:,}-{tokens[1]:,} tokens, {calls[0]}-{calls[1]} calls, "
        f"{seconds[0]:.1f}-{seconds[1]:.1f} s, {money}"
    )


def estimated(plan: Plan, tokens_per_second: float, *, answers: bool) -> Plan:
    """The plan with what it will take. `tokens_per_second` is what the model did while planning."""
    blanks = sum(
        step.tool in (FILL, SAY) or any(isinstance(one, Blank) for one in step.arguments.values())
        for step in plan.steps
    )
    asked = blanks + (1 if answers else 0)
    tools = sum(step.tool not in (FILL, SAY) for step in plan.steps)
    low, high = (asked * (_PROMPT_TOKENS[at] + _ANSWER_TOKENS[at]) for at in (0, 1))
    speed = max(tokens_per_second, 1.0)
    estimate = Estimate(
        tokens=(low, high),
        calls=(asked + tools, asked + 3 * tools),
        seconds=(low / speed, high / speed + tools),
    )
    return plan.model_copy(update={"estimate": estimate})


def _shown(argument: Given | Ref | Blank) -> str:
    if isinstance(argument, Given):
        return f"{digest(argument.value, characters=80)} [{argument.origin}]"
    if isinstance(argument, Ref):
        return f"{argument} [result]"
    return f"? [filled from {', '.join(argument.inputs) or 'the request'}]"
