"""A person's word on exactly one call, and what becomes of a write of unknown outcome. Calls no tool."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from prudent_agents.budget import Cost
from prudent_agents.errors import RefusedByPolicyError
from prudent_agents.events import (
    ApprovalAsked,
    ApprovalGiven,
    Asked,
    ToolFailed,
    ToolFinished,
    ToolIntended,
)
from prudent_agents.labels import TRUSTED, UNTRUSTED, Label, join
from prudent_agents.plan import Step
from prudent_agents.running.work import PausedError, Work
from prudent_agents.tool import Tool
from prudent_agents.values import JSON, Value, canonical


class Approvals:
    """Asks, now or later."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def ask(
        self,
        step: Step,
        tool: Tool,
        arguments: Mapping[str, Value],
        reason: str,
        *,
        item: int | None = None,
        again: int | None = None,
    ) -> None:
        """Go on where a person allows exactly this call.

        `item` is the one of `each` that it is for; `again` tells a repetition from the first time.

        Raises:
            RefusedByPolicyError: the word was no.
            PausedError: there is no word yet.
        """
        work = self._work
        digest = _digest([work.state.run, step.id, item, tool.name, again], arguments)
        said = work.state.decisions.get(digest)
        if said is None:
            asked = ApprovalAsked(
                step=step.id,
                tool=tool.name,
                arguments=dict(arguments),
                digest=digest,
                reason=reason,
                item=item,
            )
            said = await self.word(asked)
            if said is None:
                await work.record(asked)
                raise PausedError
            await work.record(asked, ApprovalGiven(digest=digest, approved=said))
        if not said:
            raise RefusedByPolicyError(
                f"A person refused this call of {tool.name}.", details={"rule": f"{reason}: refused"}
            )

    async def word(self, asked: ApprovalAsked) -> bool | None:
        """A person's word on a call: given before, left in the journal, or said at once; None: there is none.

        Where asking fails there is none. The time that it takes is not the run's.
        """
        said = self._work.state.decisions.get(asked.digest)
        if said is None:
            said = await asyncio.to_thread(self._work.journal.decision, asked.digest)
        if said is not None:
            return said
        approve, began = self._work.approve, time.monotonic()
        if approve is None:
            return None
        try:
            answer = approve(asked)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception:  # noqa: BLE001 - no word is no permission: the run waits
            return None
        finally:
            self._work.account.waited(time.monotonic() - began)

    def answered(self, question: str) -> str | None:
        """The user's latest answer to a question; None: there is none."""
        answers = [text for asked, text in self._work.state.answers if asked == question]
        return answers[-1] if answers else None

    async def wait(self, step: Step, waiting: ApprovalAsked | Asked, item: int | None) -> None:
        """Let the run wait for what a call of its waits for. Raises PausedError, always."""
        if isinstance(waiting, ApprovalAsked):
            waiting = waiting.model_copy(update={"step": step.id, "item": item})
        await self._work.record(waiting)
        raise PausedError

    async def unknown(
        self, step: Step, tool: Tool, arguments: Mapping[str, Value], key: str, item: int | None
    ) -> Value | None:
        """What a write left behind that began and never came back: its result, or None where it may be made.

        Raises:
            RefusedByPolicyError, PausedError: nobody knows, and a person did not say that it may be repeated.
        """
        work = self._work
        happened: bool | None = None
        if tool.verify is not None:
            with suppress(Exception):  # one that fails cannot tell
                said = tool.verify(key)
                happened = await said if inspect.isawaitable(said) else said
        if happened is True:
            value = Value(data=None, label=result_label(tool, arguments).of(step.id))
            await work.record(ToolFinished(step=step.id, tool=tool.name, key=key, value=value, item=item))
            return value
        if happened is None:
            reason = f"whether an earlier call of {tool.name} had its effect is not known: make it again?"
            await self.ask(step, tool, arguments, reason, item=item, again=work.state.attempts[key])
        closed = "it had no effect" if happened is False else "a person allowed it to be made again"
        await work.record(ToolFailed(step=step.id, tool=tool.name, key=key, error=closed, item=item))
        return None


def result_label(tool: Tool, arguments: Mapping[str, Value]) -> Label:
    """What a tool made of its arguments, and of what others wrote where it does not say that nobody did."""
    own = TRUSTED if tool.trusted else UNTRUSTED
    own = own.model_copy(update={"confidentiality": tool.confidentiality})
    return join([own, *(value.label for value in arguments.values())])


def finished(
    intended: ToolIntended, value: Value, seconds: float, *, cost: Cost | None = None
) -> ToolFinished:
    """The event that ends a call with a result."""
    return ToolFinished(**_call(intended), value=value, seconds=seconds, cost=cost)


def failed(intended: ToolIntended, error: str, *, known: bool, cost: Cost | None = None) -> ToolFailed:
    """The event that ends a call without one."""
    return ToolFailed(**_call(intended), error=error, known=known, cost=cost)


def _call(intended: ToolIntended) -> dict[str, Any]:
    """Which call it is."""
    return intended.model_dump(include={"step", "tool", "key", "item"})


def _digest(place: list[JSON], arguments: Mapping[str, Value]) -> str:
    """Of exactly this call: run, step, item, tool, arguments and their labels."""
    call: dict[str, object] = {}
    for name, value in arguments.items():
        label = value.label
        call[name] = [value.data, label.integrity, label.confidentiality, sorted(label.sources)]
    exact = canonical([*place, call])
    return sha256(exact.encode("utf-8", "surrogatepass")).hexdigest()
