"""An agent or a recipe as something that is offered: its card, and how its runs begin. Knows no server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Protocol

from prudent.client import AsyncClient
from prudent.errors import InvalidRequestError
from prudent.types.agents import AgentTool, AttachedFile, OfferedAgent, RunAgentRequest
from prudent_agents.agent import Agent
from prudent_agents.attached import attached
from prudent_agents.events import Event, RunEnded, RunStarted
from prudent_agents.labels import Confidentiality
from prudent_agents.models.prompts import ATTACHED
from prudent_agents.offering.recipe_files import KeptFiles, labelled, placed, schema_of_file, takes_files
from prudent_agents.offering.wire import WITHHELD, open_results
from prudent_agents.plan import see_to_goal
from prudent_agents.recipes import Recipe
from prudent_agents.recipes.document import Parameter
from prudent_agents.recipes.parameters import schema_of_parameter
from prudent_agents.run import Run
from prudent_agents.running.recording import Journal
from prudent_agents.tool import Tool
from prudent_agents.values import JSON, Value

_GOAL = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "what is to be done, in words"}},
    "required": ["input"],
}


class Offer(Protocol):
    """What can be run under a name."""

    @property
    def name(self) -> str:
        """By which it is asked for."""
        ...

    @property
    def journal(self) -> Journal:
        """Where its runs are kept."""
        ...

    def card(self) -> OfferedAgent:
        """What it is, and what its runs take."""
        ...

    def use(self, client: AsyncClient) -> None:
        """Ask this client where none was given."""
        ...

    def begin(self, asked: RunAgentRequest, run: str, owner: str) -> AsyncGenerator[Event]:
        """Begin a run. Raises InvalidRequestError."""
        ...

    def resume(
        self, started: RunStarted, run: str, *, decision: bool | None, answer: str | None
    ) -> AsyncGenerator[Event]:
        """Go on with one."""
        ...

    def output(self, run: Run) -> JSON:
        """What a run gives, without what is secret."""
        ...


class AgentOffer:
    """An agent, which is given goals."""

    def __init__(self, agent: Agent, client: AsyncClient | None) -> None:
        self._agent = agent
        self.name = agent.name
        if client is not None:
            self.use(client)

    @property
    def journal(self) -> Journal:
        """See `Offer`."""
        return self._agent.journal

    def card(self) -> OfferedAgent:
        """See `Offer`."""
        tools = [_card(tool) for tool in self._agent.tools.values()]
        return OfferedAgent(
            id=self.name, kind="agent", about=self._agent.about, parameters=_GOAL, tools=tools
        )

    def use(self, client: AsyncClient) -> None:
        """See `Offer`."""
        self._agent.use(client)

    def begin(self, asked: RunAgentRequest, run: str, owner: str) -> AsyncGenerator[Event]:
        """See `Offer`."""
        if asked.parameters:
            raise InvalidRequestError(
                "An agent takes a goal and no parameters.", hint="Give it as `input`.", param="parameters"
            )
        if asked.input is None:
            raise InvalidRequestError("The goal is missing.", hint="Give it as `input`.", param="input")
        see_to_goal(asked.input, param="input")
        return self._begun(asked.input, asked.files or (), run, owner)

    async def _begun(
        self, goal: str, files: Sequence[AttachedFile], run: str, owner: str
    ) -> AsyncGenerator[Event]:
        inputs = await attached(files, self._agent.client())
        events = self._agent.stream_async(goal, inputs=inputs, run=run, owner=owner)
        async with aclosing(events):
            async for event in events:
                yield event

    def resume(
        self, started: RunStarted, run: str, *, decision: bool | None, answer: str | None
    ) -> AsyncGenerator[Event]:
        """See `Offer`."""
        del started
        return self._agent.stream_resumed_async(run, decision=decision, answer=answer)

    def output(self, run: Run) -> JSON:
        """See `Offer`."""
        return WITHHELD if _is_secret(run) else run.state.output


class RecipeOffer:
    """A recipe, which is given parameters, and files: copies, never files and folders of the server."""

    def __init__(
        self,
        recipe: Recipe,
        fixed: Mapping[str, Any],
        client: AsyncClient | None,
        journal: Journal | None,
    ) -> None:
        self._recipe = recipe
        self._fixed = dict(fixed)
        self._client = client
        self._journal = journal
        self.name = recipe.name
        self._kept = KeptFiles()

    @property
    def journal(self) -> Journal:
        """See `Offer`."""
        if self._journal is None:
            from prudent_agents.journal import SqliteJournal

            self._journal = SqliteJournal()
        return self._journal

    @property
    def _asked(self) -> dict[str, Parameter]:
        """The parameters that are given with each run."""
        parameters = self._recipe.document.parameters
        return {
            name: one
            for name, one in parameters.items()
            if name not in self._fixed and one.type not in ("secret", "file", "folder")
        }

    @property
    def _files(self) -> dict[str, Parameter]:
        """The parameters that are files of the request."""
        parameters = self._recipe.document.parameters
        return takes_files({name: one for name, one in parameters.items() if name not in self._fixed})

    def card(self) -> OfferedAgent:
        """See `Offer`."""
        asked, files = self._asked, self._files
        properties = {
            name: schema_of_parameter(one) | ({"description": one.about} if one.about else {})
            for name, one in asked.items()
        }
        properties |= {name: schema_of_file(one) for name, one in files.items()}
        every = {**asked, **files}
        needed = [name for name, one in every.items() if one.default is None and not one.optional]
        schema = {"type": "object", "properties": properties, "required": needed}
        tools = [_card(tool) for tool in self._recipe.checked.tools.values()]
        about = self._recipe.document.about
        return OfferedAgent(id=self.name, kind="recipe", about=about, parameters=schema, tools=tools)

    def use(self, client: AsyncClient) -> None:
        """See `Offer`."""
        self._client = self._client or client

    def begin(self, asked: RunAgentRequest, run: str, owner: str) -> AsyncGenerator[Event]:
        """See `Offer`."""
        if asked.input is not None:
            raise InvalidRequestError(
                "A recipe takes parameters and no goal.", hint="Give them as `parameters`.", param="input"
            )
        given, known = asked.parameters or {}, self._asked
        for name in given:
            if name not in known:
                raise InvalidRequestError(
                    f"'{name[:80]}' is nothing that a run is given here.",
                    hint=f"There are: {', '.join(known) or 'none'}. "
                    + ("Give files as `files`." if self._files else "Files are fixed where it is offered."),
                    param=name,
                )
        return self._begun(given, asked.files or (), run, owner)

    async def _begun(
        self, given: Mapping[str, Any], files: Sequence[AttachedFile], run: str, owner: str
    ) -> AsyncGenerator[Event]:
        goal = self._recipe.document.goal
        shown = bool(goal and not self._files and ATTACHED not in self._recipe.document.parameters)
        which = {} if shown else placed(files, self._files)
        paths = await asyncio.to_thread(self._kept.write, run, files, which) if which else {}
        try:
            inputs = self._recipe.inputs({**given, **self._fixed, **paths}, base=Path.cwd())
            inputs = labelled(inputs, paths)
            agent = self._agent(inputs)
            if shown:
                inputs |= await attached(files, agent.client())
            if self._recipe.document.steps:
                events = agent.stream_plan_async(self._recipe.plan, inputs=inputs, run=run, owner=owner)
            else:
                events = agent.stream_async(goal or "", inputs=inputs, run=run, owner=owner)
        except BaseException:
            self._kept.over(run)
            raise
        async with aclosing(self._until_over(events, run)) as told:
            async for event in told:
                yield event

    async def _until_over(self, events: AsyncGenerator[Event], run: str) -> AsyncGenerator[Event]:
        """The events; with the end of the run its files go, and not while it may go on."""
        async with aclosing(events):
            async for event in events:
                if isinstance(event, RunEnded) and event.status != "cancelled":
                    self._kept.over(run)
                yield event

    def resume(
        self, started: RunStarted, run: str, *, decision: bool | None, answer: str | None
    ) -> AsyncGenerator[Event]:
        """See `Offer`."""
        going_on = self._agent(started.inputs).stream_resumed_async(run, decision=decision, answer=answer)
        return self._until_over(going_on, run)

    def output(self, run: Run) -> JSON:
        """See `Offer`."""
        if self._recipe.document.output is None and _is_secret(run):
            return WITHHELD
        return self._recipe.output(run, open_results(run.results))

    def _agent(self, inputs: Mapping[str, Value]) -> Agent:
        return self._recipe.agent(inputs, client=self._client, journal=self.journal)


def _is_secret(run: Run) -> bool:
    return run.label.confidentiality is Confidentiality.SECRET


def _card(tool: Tool) -> AgentTool:
    return AgentTool(name=tool.name, about=tool.card, effect=tool.effect.value)
