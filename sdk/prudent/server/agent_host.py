"""What a server needs of whoever offers agents. The server knows no agent: they are composed above it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from prudent.errors import NotFoundError
from prudent.types.agents import AgentEvent, AgentList, AgentRun, ResumeAgentRequest, RunAgentRequest


class AgentHost(Protocol):
    """Offers agents and runs them. `owner` is the key of who asks: a run is seen by its owner alone.

    A run's events end with its state (`type` is `run`). Closing them cancels the run. Every method raises
    PrudentError, what it begins not before the first event.
    """

    def list(self) -> AgentList:
        """What is offered."""
        ...

    def run(self, agent: str, asked: RunAgentRequest, owner: str) -> AsyncGenerator[AgentEvent]:
        """Begin a run."""
        ...

    def resume(
        self, agent: str, run: str, asked: ResumeAgentRequest, owner: str
    ) -> AsyncGenerator[AgentEvent]:
        """Go on with a run."""
        ...

    async def retrieve(self, agent: str, run: str, owner: str) -> AgentRun:
        """A run as it stands."""
        ...

    async def cancel(self, agent: str, run: str, owner: str) -> AgentRun:
        """Stop a run, whether it runs or waits."""
        ...


class NoAgents:
    """Offers none."""

    def list(self) -> AgentList:
        """Nothing."""
        return AgentList(data=[])

    def run(self, agent: str, asked: RunAgentRequest, owner: str) -> AsyncGenerator[AgentEvent]:
        """Raises NotFoundError."""
        del asked, owner
        raise _none(agent)

    def resume(
        self, agent: str, run: str, asked: ResumeAgentRequest, owner: str
    ) -> AsyncGenerator[AgentEvent]:
        """Raises NotFoundError."""
        del run, asked, owner
        raise _none(agent)

    async def retrieve(self, agent: str, run: str, owner: str) -> AgentRun:
        """Raises NotFoundError."""
        del run, owner
        raise _none(agent)

    async def cancel(self, agent: str, run: str, owner: str) -> AgentRun:
        """Raises NotFoundError."""
        del run, owner
        raise _none(agent)


def _none(agent: str) -> NotFoundError:
    return NotFoundError(
        f"This server offers no agent '{agent[:80]}'.",
        hint="Start it with `prudent serve --agent`, with a recipe or an agent of yours.",
        param="agent",
    )
