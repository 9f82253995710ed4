"""Takes a run over that waits, was cancelled or whose process died, with a person's word. Runs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prudent_agents.errors import RunConflictError
from prudent_agents.events import Answered, ApprovalAsked, ApprovalGiven, Asked, Event, Resumed
from prudent_agents.plan import see_to_goal
from prudent_agents.running.recording import Journal
from prudent_agents.running.state import RunState
from prudent_agents.tool import Tool

_OVER = ("done", "failed", "refused")


async def taken(
    journal: Journal,
    run: str,
    tools: Mapping[str, Tool],
    *,
    decision: bool | None = None,
    answer: str | None = None,
) -> tuple[list[Event], RunState, list[Event]]:
    """The run's events, its state, and what is to be added to them. The caller holds the run's lease then.

    Raises:
        RunNotFoundError: there is none of this id.
        RunConflictError: it runs elsewhere, is over, was begun with other tools, or asked something else.
        PlanError: the answer is empty, or too long.
    """
    events = await asyncio.to_thread(journal.take, run)
    try:
        state = RunState.of(events)
        _same_tools(state, tools)
        return events, state, _said(state, decision, answer)
    except BaseException:
        await asyncio.to_thread(journal.release, run)
        raise


def _said(state: RunState, decision: bool | None, answer: str | None) -> list[Event]:
    more: list[Event] = [Resumed()]
    if decision is not None and isinstance(state.waiting, ApprovalAsked):
        more.append(ApprovalGiven(digest=state.waiting.digest, approved=decision))
    elif decision is not None:
        raise RunConflictError(f"The run {state.run} waits for no decision on a call.")
    if answer is not None and isinstance(state.waiting, Asked):
        see_to_goal(answer, param="answer")
        more.append(Answered(text=answer))
    elif answer is not None:
        raise RunConflictError(f"The run {state.run} has asked nothing.")
    return more


def _same_tools(state: RunState, tools: Mapping[str, Tool]) -> None:
    began = state.started.tools if state.started is not None else {}
    now = {name: one.digest for name, one in tools.items()}
    changed = sorted(name for name in began if now.get(name) != began[name])
    if changed:
        raise RunConflictError(
            f"The run {state.run} was begun with other tools: {', '.join(changed)} changed or are gone.",
            hint="Resume it with the tools it was begun with, or begin a new run.",
        )
    if state.status in _OVER:
        raise RunConflictError(f"The run {state.run} is over: {state.status}.", hint="Begin a new one.")
