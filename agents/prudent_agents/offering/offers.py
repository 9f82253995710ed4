"""An agent or a recipe as something that is offered: its card, and how its runs begin. Knows no server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Protocol

from prudent.client import AsyncClient
from prudent.errors import InvalidRequestError
from prudent.types.agents import AgentTool, AttachedFile, OfferedAgent, RunAgentRequest
from prudent_agents.agent import Agent
from prudent_agents.attached import attached
from prudent_agents.events import Event, RunStarted
from prudent_agents.labels import Confidentiality
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
    """A recipe, which is given parameters. Files and folders of the server are never among those."""

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

    def card(self) -> OfferedAgent:
        """See `Offer`."""
        asked = self._asked
        properties = {
            name: schema_of_parameter(one) | ({"description": one.about} if one.about else {})
            for name, one in asked.items()
        }
        needed = [name for name, one in asked.items() if one.default is None and not one.optional]
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
        if asked.files:
            raise InvalidRequestError(
                "A recipe is given no files: they are fixed where it is offered.",
                hint="`prudent recipe serve` takes them with each run.",
                param="files",
            )
        given, known = asked.parameters or {}, self._asked
        for name in given:
            if name not in known:
                raise InvalidRequestError(
                    f"'{name[:80]}' is nothing that a run is given here.",
                    hint=f"There are: {', '.join(known) or 'none'}. Files are fixed where it is offered.",
                    param=name,
                )
        inputs = self._recipe.inputs({**given, **self._fixed}, base=Path.cwd())
        agent = self._agent(inputs)
        if self._recipe.document.steps:
            return agent.stream_plan_async(self._recipe.plan, inputs=inputs, run=run, owner=owner)
        return agent.stream_async(self._recipe.document.goal or "", inputs=inputs, run=run, owner=owner)

    def resume(
        self, started: RunStarted, run: str, *, decision: bool | None, answer: str | None
    ) -> AsyncGenerator[Event]:
        """See `Offer`."""
        return self._agent(started.inputs).stream_resumed_async(run, decision=decision, answer=answer)

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
