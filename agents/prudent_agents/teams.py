"""An agent as a tool of another: asked in words, within its caller's budget, paused and resumed with it.

Knows how a call becomes a run of its own, and nothing of how a run is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from prudent_agents.asked import Askable
from prudent_agents.budget import Budget
from prudent_agents.errors import RunNotFoundError, ToolError, ToolWaitsError
from prudent_agents.events import ApprovalAsked, Asked, Event, ToolIntended
from prudent_agents.function_tool import tool_of
from prudent_agents.remembering import handed_over
from prudent_agents.run import Run
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.values import Value


def as_tool(agent: Askable, name: str, about: str, budget: Budget | None, *, hand_over: bool) -> Tool:
    """See `Agent.as_tool`."""
    effects = {one.effect for one in agent.tools.values()}

    async def ask(request: str, call: ToolContext) -> Any:
        run = await _asked(agent, request, call, budget, handed_over(call.found) if hand_over else None)
        if run.status != "paused":
            call.used.append(run.cost)
        if run.status == "done":
            return run.state.output
        if run.status == "paused" and run.waiting is not None:
            raise ToolWaitsError(f"{name} waits for a person (run {run.id}).", waiting=run.waiting)
        raise ToolError(
            f"{name} came to {run.status}: {run.error or 'it has no answer'} (run {run.id}).",
            details={"known": not _wrote(run.events)},
        )

    ask.__doc__ = about
    made = tool_of(
        ask,
        name=name,
        timeout=None,
        retries=0,
        effect=Effect.READ if effects <= {Effect.READ} else Effect.WRITE,
    )
    levels = [one.confidentiality for one in agent.tools.values()]
    most = max(levels, key=lambda one: one.rank, default=made.confidentiality)
    return replace(made, confidentiality=most, goes_on=True)


async def _asked(
    agent: Askable,
    request: str,
    call: ToolContext,
    budget: Budget | None,
    inputs: Mapping[str, Value] | None,
) -> Run:
    """The run of this very call: begun, or gone on with where it was begun before."""
    run = run_of(call.idempotency_key)
    before = await _known(agent, run) if run is not None else None
    if run is None or before is None:
        return await agent.asked_async(request, call, run=run, budget=budget, inputs=inputs)
    if before.status not in ("running", "paused", "cancelled"):
        return before
    asked = before.waiting if before.status == "paused" else None
    decision = answer = None
    if isinstance(asked, ApprovalAsked):
        decision = await call.word(asked) if call.word is not None else None
        if decision is None:
            return before
    elif isinstance(asked, Asked):
        answer = call.answered(asked.question) if call.answered is not None else None
        if answer is None:
            return before
    return await agent.asked_async(request, call, run=run, budget=budget, said=(decision, answer))


def run_of(key: str) -> str | None:
    """The id of the run that a call makes: the same whenever this very call is tried again."""
    return f"run_{sha256(key.encode()).hexdigest()[:16]}" if key else None


async def _known(agent: Askable, run: str) -> Run | None:
    import asyncio

    try:
        return Run(await asyncio.to_thread(agent.journal.events, run))
    except RunNotFoundError:
        return None


def _wrote(events: Sequence[Event]) -> bool:
    return any(isinstance(one, ToolIntended) and one.effect is not Effect.READ for one in events)
