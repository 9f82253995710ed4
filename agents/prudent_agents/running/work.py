"""What everything that works on one run shares: its events, its state, its means. Knows no step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from prudent.client import AsyncClient
from prudent.types.content import Source
from prudent_agents.budget import Account
from prudent_agents.errors import ValueShapeError
from prudent_agents.events import ApprovalAsked, Event, ModelCalled
from prudent_agents.grounding.citing import numbers_of, renumbered
from prudent_agents.labels import TRUSTED, Label, join
from prudent_agents.models.driver import Model, Reply
from prudent_agents.plan import FILL, SAY, Rung, Step
from prudent_agents.rules import Rules
from prudent_agents.running.guarding import Guard
from prudent_agents.running.recording import Journal
from prudent_agents.running.state import RunState
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON, Value, canonical

Approve = Callable[[ApprovalAsked], "bool | Awaitable[bool | None] | None"]
"""A person's word on a call: yes, no, or None for later."""
EXPECTED_ANSWER_TOKENS = 64
"""What is reserved for an answer before it is known; the budget is settled with what it was."""


_PATIENCE = 16
"""Turns of the event loop for which a write waits for what follows at once."""


class PausedError(Exception):
    """The run cannot go on without a person; the event that says why is recorded."""


class StepFailedError(Exception):
    """A step came to nothing; the message says why."""


@dataclass
class Work:
    """One run at work. `sink` is told of every event after it is kept."""

    tools: Mapping[str, Tool]
    model: Model
    journal: Journal
    state: RunState
    sink: Callable[[Event], None]
    guard: Guard
    rules: Rules
    account: Account
    client: AsyncClient | None = None
    approve: Approve | None = None
    instructions: str = ""
    seed: int | None = None
    priced: bool = False
    """Whether the model costs money that nobody named: then a limit of money stops before it is asked."""
    background: tuple[str, ...] = ()
    """Names of inputs that tell what came before the run, and are shown with the results."""
    _unwritten: list[tuple[Sequence[Event], asyncio.Future[None] | None]] = field(
        default_factory=list[tuple[Sequence[Event], "asyncio.Future[None] | None"]]
    )
    _lost: Exception | None = None
    """Why events that nothing waited for were not kept."""
    _writer: asyncio.Task[None] | None = None
    _numbers: set[int] | None = None

    async def record(self, *events: Event) -> None:
        """Keep events, then take them in and tell of them, in one order for all that work on the run.

        Those that come while the disk is busy are kept together at the next write. Leaving does not undo
        what is being written: it is taken in all the same.

        Raises:
            JournalError, RunConflictError: none of these events is kept.
        """
        if self._lost is not None:
            raise self._lost
        if not self.journal.durable:
            self._keep(events)
            self._take_in(events)
            return
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue(events, kept)
        try:
            await asyncio.shield(kept)
        except asyncio.CancelledError:
            await asyncio.wait([kept])
            kept.exception()
            raise

    def later(self, *events: Event) -> None:
        """Take events in that nothing has to wait for, and keep them at the next write, which is soon.

        So what a call came to shares a write with the intent of the next call. Where they cannot be kept,
        the next `record` raises.
        """
        if not self.journal.durable:
            self._keep(events)
            self._take_in(events)
            return
        for event in events:
            self.state.apply(event)
        self._queue(events, None)

    def _queue(self, events: Sequence[Event], kept: asyncio.Future[None] | None) -> None:
        self._unwritten.append((events, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write what waits, as often as something waits."""
        while self._unwritten:
            for _ in range(_PATIENCE):
                if any(kept is not None for _, kept in self._unwritten):
                    break
                await asyncio.sleep(0)
            batch, self._unwritten = self._unwritten, []
            try:
                await asyncio.to_thread(self._keep, [one for events, _ in batch for one in events])
            except Exception as error:  # noqa: BLE001 - raised again where it is awaited
                for _, kept in batch:
                    if kept is None:
                        self._lost = error
                    else:
                        kept.set_exception(error)
                continue
            for events, kept in batch:
                if kept is not None:
                    self._take_in(events)
                    kept.set_result(None)
                else:
                    for event in events:
                        self.sink(event)

    def _keep(self, events: Sequence[Event]) -> None:
        if kept := [event for event in events if event.kept]:
            self.journal.append(self.state.run, kept)

    def _take_in(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kept:
                self.state.apply(event)
            self.sink(event)

    async def asked(
        self,
        purpose: str,
        ask: Awaitable[Reply],
        *,
        step: str | None = None,
        tokens: int = EXPECTED_ANSWER_TOKENS,
    ) -> Reply:
        """Have a model asked within the budget, and record what came of it. Raises BudgetExceededError."""
        try:
            reservation = self.account.reserve(tokens=tokens, money=None if self.priced else 0.0)
        except BaseException:
            if asyncio.iscoroutine(ask):
                ask.close()
            raise
        wrong: ValueShapeError | None = None
        with reservation:
            try:
                reply = await ask
            except ValueShapeError as error:  # it was asked and has cost what it cost
                reply, wrong = cast("Reply", error.reply), error
            self.account.settle(
                prompt_tokens=reply.prompt_tokens,
                cached_tokens=reply.cached_tokens,
                completion_tokens=reply.completion_tokens,
                model_calls=1,
                money=reply.money,
            )
        await self.record(
            ModelCalled.model_validate(
                {
                    "step": step,
                    "purpose": purpose,
                    "model": reply.model,
                    "prompt_hash": reply.prompt_hash,
                    "seed": self.seed,
                    "engine": reply.engine,
                    "prompt_tokens": reply.prompt_tokens,
                    "cached_tokens": reply.cached_tokens,
                    "completion_tokens": reply.completion_tokens,
                    "seconds": reply.seconds,
                    "money": reply.money,
                    "confidence": reply.confidence,
                    "output": reply.data if reply.data is not None else reply.text or _calls(reply),
                    "audit_id": reply.audit_id,
                }
            )
        )
        if wrong is not None:
            raise wrong
        return reply

    def control(self) -> Label:
        """The label of what leads to the next call: the request's, and of results that were read."""
        state = self.state
        asked = state.started.label if state.started is not None else TRUSTED
        if state.plan is None or state.plan.rung is not Rung.STEPWISE:
            return asked
        return join([asked, *(value.label for value in state.results.values())])

    def given(self, *, with_results: bool) -> list[str]:
        """What the user and the developer said, and all that was found out where that is wanted too."""
        state = self.state
        held = [one.data for one in state.results.values() if with_results or one.label.trusted]
        return [state.goal, *(said for _, said in state.answers), *map(canonical, held)]

    def effect(self, step: Step) -> Effect:
        """What a step leaves behind."""
        return Effect.READ if step.tool in (FILL, SAY) else self.tools[step.tool].effect

    def read(self) -> list[Step]:
        """The steps of the plan that have a result and left nothing behind."""
        steps = () if self.state.plan is None else self.state.plan.steps
        done = (step for step in steps if step.id in self.state.results and step.tool in self.tools)
        return [step for step in done if self.effect(step) is Effect.READ]

    def known(self, names: Sequence[str]) -> dict[str, tuple[str, Value, Source]]:
        """What the results of these steps are, each with the words for its step and where it came from."""
        found: dict[str, tuple[str, Value, Source]] = {}
        for name in names:
            if name in self.state.results:
                found[name] = (self._words(name), self.state.results[name], self.source(name))
        return found

    def source(self, name: str) -> Source:
        """Who wrote the result of a step, or a parameter."""
        step = self._step(name)
        if step is None:
            told = name in self.background and not self.state.results[name].label.trusted
            return Source.TOOL if told else Source.USER
        if step.tool in (FILL, SAY):
            return Source.USER if self.state.results[name].label.trusted else Source.TOOL
        tool = self.tools[step.tool]
        own = tool.source is Source.TOOL and self.state.results[name].label.trusted
        return Source.USER if own else tool.source

    def numbered(self, data: JSON) -> JSON:
        """Passages with numbers that no others of this run have, so that a citation says which is meant."""
        if self._numbers is None:
            self._numbers = {one for value in self.state.finished.values() for one in numbers_of(value.data)}
        return renumbered(data, self._numbers)

    def _words(self, name: str) -> str:
        step = self._step(name)
        return name if step is None else step.about or step.tool

    def _step(self, name: str) -> Step | None:
        plan = self.state.plan
        return None if plan is None or name not in plan.names else plan.step(name)


def _calls(reply: Reply) -> list[dict[str, object]] | None:
    return [{"tool": call.tool, "arguments": call.arguments} for call in reply.calls] or None
