"""Runs and their events as those who asked for them over HTTP may see them. Runs nothing.

What is labelled secret stays here: a recipe may hold the secrets of who offers it, and others run it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from prudent.types.agents import AgentEvent, AgentRun, AgentUsage, AgentWaiting
from prudent_agents.events import ApprovalAsked, Asked, Event, ModelCalled, RunEnded, RunStarted
from prudent_agents.labels import Confidentiality
from prudent_agents.run import Run
from prudent_agents.values import JSON, Value

WITHHELD = "(secret)"


def event_of(event: Event) -> AgentEvent:
    """An event on the wire; what went wrong in it is its `problem`.

    What a model said in between is left out: what came of it is in the steps.
    """
    unseen: set[str] = {"kind", "version"}
    if isinstance(event, ModelCalled):
        unseen.add("output")
    if isinstance(event, RunStarted):
        unseen |= {"owner", "inputs"}
    fields = _shown(event.model_dump(mode="json", exclude=unseen))
    if isinstance(event, RunEnded) and event.label.get("confidentiality") == Confidentiality.SECRET:
        fields["output"] = WITHHELD
    if "error" in fields:  # in a stream of the OpenAI API that says that the request failed
        fields["problem"] = fields.pop("error")
    return AgentEvent.model_validate({"type": event.kind, **fields})


def run_of(run: Run, agent: str, output: JSON, *, live: bool) -> AgentRun:
    """A run on the wire. One that nobody runs any more was interrupted."""
    cost, over = run.cost, run.status not in ("running", "paused")
    return AgentRun(
        id=run.id,
        agent=agent,
        status="interrupted" if run.status == "running" and not live else run.status,
        output=output,
        error=run.error,
        trust=run.label.integrity.value if over else None,
        waiting=_waiting(run.waiting) if run.status == "paused" else None,
        usage=AgentUsage(
            prompt_tokens=cost.prompt_tokens,
            completion_tokens=cost.completion_tokens,
            total_tokens=cost.tokens,
            model_calls=cost.model_calls,
            tool_calls=cost.tool_calls,
            seconds=round(cost.seconds, 3),
        ),
    )


def open_results(results: Mapping[str, Value]) -> dict[str, Value]:
    """Results without what is secret."""
    return {
        name: value.model_copy(update={"data": WITHHELD}) if _secret(value) else value
        for name, value in results.items()
    }


def _waiting(waiting: ApprovalAsked | Asked | None) -> AgentWaiting | None:
    if isinstance(waiting, Asked):
        return AgentWaiting(question=waiting.question)
    if waiting is None:
        return None
    given = open_results(waiting.arguments)
    return AgentWaiting(
        digest=waiting.digest,
        step=waiting.step,
        tool=waiting.tool,
        arguments={name: value.data for name, value in given.items()},
        reason=waiting.reason,
    )


def _secret(value: Value) -> bool:
    return value.label.confidentiality is Confidentiality.SECRET


def _shown(data: JSON) -> Any:
    """The same without the data of values that are secret."""
    if isinstance(data, list):
        return [_shown(one) for one in cast("list[Any]", data)]
    if not isinstance(data, dict):
        return data
    record = cast("dict[str, Any]", data)
    label: Any = record.get("label")
    if record.keys() == {"data", "label"} and label["confidentiality"] == Confidentiality.SECRET:
        return {"data": WITHHELD, "label": label}
    return {key: _shown(one) for key, one in record.items()}
