"""Shows a run of the demo's agent as it happens, and what it came to. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from prudent_agents.budget import Cost
from prudent_agents.events import (
    ApprovalGiven,
    Checked,
    Event,
    ModelCalled,
    Planned,
    Refused,
    StepFailed,
    ToolFinished,
    ToolIntended,
)
from prudent_agents.plan import Blank, Plan, Step
from prudent_agents.values import digest

_SHOWN = 160


def plan_lines(plan: Plan) -> Iterator[str]:
    """The steps of a plan, one line each, with where values come from."""
    for step in plan.steps:
        given = ", ".join(_argument(step, name) for name in step.arguments)
        sure = "" if step.confidence is None else f"  [{step.confidence:.0%} sure]"
        yield f"{step.id}  {step.tool}({given}){sure}"


def event_line(event: Event) -> str | None:
    """What there is to say of an event, None where that is nothing."""
    match event:
        case Planned() if event.reason:
            return f"planned anew: {event.reason}"
        case ToolIntended():
            given = ", ".join(
                f"{name}={digest(one.data, characters=60)}" for name, one in event.arguments.items()
            )
            return f"{event.step}  calls {event.tool}({given})"
        case ToolFinished():
            shown = " / ".join(digest(event.value.data, characters=_SHOWN).split("\n"))
            return f"{event.step}  got [{event.value.label.integrity}] {shown}"
        case Checked():
            why = f" ({event.reasons[0]})" if event.reasons else ""
            return f"{event.step}  the checks, on its {event.what}: {'; '.join(event.findings)}{why}"
        case Refused():
            return f"{event.step}  refused: {event.reason}"
        case StepFailed():
            return f"{event.step}  failed: {event.error}"
        case ApprovalGiven():
            return f"a person said {'yes' if event.approved else 'no'} to call {event.digest[:12]}"
        case _:
            return None


def audit_ids(events: list[Event]) -> list[str]:
    """The records of the checks that stood guard, in order."""
    found = [one.audit_id for one in events if isinstance(one, ModelCalled | Checked) and one.audit_id]
    return list(dict.fromkeys(found))


def cost_line(cost: Cost) -> str:
    """What a run used, in words."""
    return (
        f"{cost.prompt_tokens:,} tokens read ({cost.cached_tokens:,} from the cache), "
        f"{cost.completion_tokens:,} written, {cost.model_calls} model calls, {cost.tool_calls} tool calls, "
        f"{cost.seconds:.1f} s, no money"
    )


def _argument(step: Step, name: str) -> str:
    argument = step.arguments[name]
    if isinstance(argument, Blank):
        return f"{name} from {', '.join(argument.inputs) or 'the request'}"
    return f"{name}={digest(getattr(argument, 'value', str(argument)), characters=60)}"
