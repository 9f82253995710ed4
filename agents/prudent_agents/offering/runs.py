"""Agents and recipes offered to whoever asks a server: begun, looked up, gone on with, stopped.

It has the form of `prudent.server.agent_host.AgentHost` and imports no server: whoever knows both joins them.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

from prudent.client import AsyncClient
from prudent.errors import ConfigurationError, InvalidRequestError, NotFoundError, RateLimitError
from prudent.types.agents import AgentEvent, AgentList, AgentRun, ResumeAgentRequest, RunAgentRequest
from prudent_agents.agent import Agent
from prudent_agents.errors import RunConflictError, RunNotFoundError
from prudent_agents.events import ApprovalAsked, Event, Resumed, RunEnded, RunStarted
from prudent_agents.offering.offers import AgentOffer, Offer, RecipeOffer
from prudent_agents.offering.wire import event_of, run_of
from prudent_agents.recipes import Recipe
from prudent_agents.run import Run
from prudent_agents.running.recording import Journal

AT_ONCE = 8
_RETRY_AFTER = 2.0
"""Seconds: about what a short run takes."""


@dataclass
class _Live:
    """A run that is at work here."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Offering:
    """Agents and recipes by their names.

    `client` is what those ask that were given no client of their own. `fixed` are parameters of recipes that
    are the same at every run, by recipe. A run is seen by the key that began it and no other.
    """

    def __init__(
        self,
        offered: Iterable[Agent | Recipe],
        *,
        client: AsyncClient | None = None,
        journal: Journal | None = None,
        fixed: Mapping[str, Mapping[str, Any]] | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        """Raises ConfigurationError: two have the same name, or one has a memory."""
        self._at_once = at_once
        self._live: dict[str, _Live] = {}
        self._offers: dict[str, Offer] = {}
        for one in offered:
            if isinstance(one, Agent) and one.memories:
                raise ConfigurationError(
                    f"The agent {one.name} has a memory, and whoever asks it would read what others said.",
                    hint="Offer it without.",
                    param="agents",
                )
            if one.name in self._offers:
                raise ConfigurationError(f"Two agents are called '{one.name}'.", param="agents")
            self._offers[one.name] = (
                AgentOffer(one, client)
                if isinstance(one, Agent)
                else RecipeOffer(one, (fixed or {}).get(one.name, {}), client, journal)
            )

    def use(self, client: AsyncClient) -> None:
        """Ask this client wherever none was given."""
        for offer in self._offers.values():
            offer.use(client)

    def list(self) -> AgentList:
        """What is offered."""
        return AgentList(data=[offer.card() for offer in self._offers.values()])

    async def run(self, agent: str, asked: RunAgentRequest, owner: str) -> AsyncGenerator[AgentEvent]:
        """Begin a run; its events, and how it stands at the end. Closing them cancels it.

        Raises:
            NotFoundError: there is no such agent.
            InvalidRequestError: the goal or a parameter is missing or wrong.
            RateLimitError: as many run as may. RunConflictError: there is a run of this id.
        """
        offer = self._offer(agent)
        run = asked.id or f"run_{uuid.uuid4().hex[:16]}"
        async with aclosing(self._told(offer, run, lambda: offer.begin(asked, run, owner))) as told:
            async for event in told:
                yield event

    async def resume(
        self, agent: str, run: str, asked: ResumeAgentRequest, owner: str
    ) -> AsyncGenerator[AgentEvent]:
        """Go on with a run; see `run`.

        Raises:
            RunNotFoundError: there is none of this id that its caller may see.
            RunConflictError: it runs, is over, or waits for something else.
        """
        offer = self._offer(agent)
        started, before = await self._of(offer, run, owner)
        if asked.approve is not None:
            waiting = before.waiting
            if not isinstance(waiting, ApprovalAsked) or waiting.digest != asked.digest:
                raise RunConflictError(
                    f"The run {run} does not wait for a word on this call.",
                    hint="Look the run up: `waiting.digest` names the call that it waits for.",
                )
        elif asked.digest is not None:
            raise InvalidRequestError("Whether the call may be made is not said.", param="approve")
        going_on = self._told(
            offer,
            run,
            lambda: offer.resume(started, run, decision=asked.approve, answer=asked.answer),
        )
        async with aclosing(going_on) as told:
            async for event in told:
                yield event

    async def retrieve(self, agent: str, run: str, owner: str) -> AgentRun:
        """A run as it stands. Raises RunNotFoundError."""
        offer = self._offer(agent)
        _, found = await self._of(offer, run, owner)
        return run_of(found, agent, offer.output(found), live=run in self._live)

    async def cancel(self, agent: str, run: str, owner: str) -> AgentRun:
        """Stop a run. Raises RunNotFoundError; RunConflictError: it is over, or runs elsewhere."""
        offer = self._offer(agent)
        _, found = await self._of(offer, run, owner)
        if (live := self._live.get(run)) is not None:
            live.stop.set()
            await live.over.wait()
        elif found.status in ("paused", "running"):
            await asyncio.to_thread(_stopped, offer.journal, run)
        else:
            raise RunConflictError(f"The run {run} is over: {found.status}.")
        return await self.retrieve(agent, run, owner)

    def _offer(self, agent: str) -> Offer:
        if agent not in self._offers:
            hint = f"There are: {', '.join(sorted(self._offers)) or 'none'}."
            raise NotFoundError(f"There is no agent '{agent[:80]}'.", hint=hint, param="agent")
        return self._offers[agent]

    async def _of(self, offer: Offer, run: str, owner: str) -> tuple[RunStarted, Run]:
        """A run of this agent that its caller may see."""
        events = await asyncio.to_thread(offer.journal.events, run)
        started = events[0]
        if not isinstance(started, RunStarted) or (started.agent, started.owner) != (offer.name, owner):
            raise RunNotFoundError(f"There is no run {run[:64]}.")
        return started, Run(events)

    async def _told(self, offer: Offer, run: str, begin: Any) -> AsyncGenerator[AgentEvent]:
        """What happens in a run, until it ends, waits, is stopped from elsewhere, or nobody listens."""
        if run in self._live:
            raise RunConflictError(f"The run {run} is being run.", hint="Wait for it, or cancel it.")
        if len(self._live) >= self._at_once:
            raise RateLimitError(
                f"{self._at_once} runs are at work, the most that this server makes at once.",
                hint="Try again when one has ended.",
                details={"retry_after": _RETRY_AFTER},
            )
        live = self._live[run] = _Live()
        try:
            async with aclosing(_until(begin(), live.stop)) as events:
                async for event in events:
                    yield event_of(event)
        finally:
            del self._live[run]
            live.over.set()
        ended = Run(await asyncio.to_thread(offer.journal.events, run))
        yield AgentEvent(type="run", run=run_of(ended, offer.name, offer.output(ended), live=False))


async def _until(events: AsyncGenerator[Event], stop: asyncio.Event) -> AsyncGenerator[Event]:
    """The events, until `stop` is set: then they are closed, which cancels the run."""
    stopped = asyncio.create_task(stop.wait())
    coming: asyncio.Task[Event | None] | None = None
    try:
        async with aclosing(events):
            try:
                while not stopped.done():
                    coming = asyncio.ensure_future(anext(events, None))
                    await asyncio.wait({coming, stopped}, return_when=asyncio.FIRST_COMPLETED)
                    if not coming.done():
                        return
                    event = coming.result()
                    if event is None:
                        return
                    yield event
            finally:
                if coming is not None and not coming.done():
                    coming.cancel()
                    with suppress(asyncio.CancelledError):
                        await coming
    finally:
        stopped.cancel()


def _stopped(journal: Journal, run: str) -> None:
    """Record the end of a run that nobody is running."""
    journal.take(run)
    try:
        journal.append(run, [Resumed(), RunEnded(status="cancelled", error="the run was cancelled")])
    finally:
        journal.release(run)
