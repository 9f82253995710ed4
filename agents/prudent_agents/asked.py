"""What teams and evaluation need of an agent, so that they know none. Runs nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from prudent.client import AsyncClient
from prudent_agents.budget import Budget
from prudent_agents.run import Run
from prudent_agents.running.recording import Journal
from prudent_agents.running.work import Approve
from prudent_agents.tool import Tool, ToolContext
from prudent_agents.values import Value

if TYPE_CHECKING:
    from prudent_agents.remembering import Memory


class Askable(Protocol):
    """Something that reaches goals in runs that are kept. See `Agent` for what each method does."""

    tools: dict[str, Tool]
    memories: tuple[Memory, ...]

    @property
    def journal(self) -> Journal:
        """Where runs are kept."""
        ...

    def client(self) -> AsyncClient:
        """What it asks."""
        ...

    def changed(self, **options: Any) -> Askable:
        """The same with other options."""
        ...

    async def run_async(
        self, goal: str, *, approve: Approve | None = None, inputs: Mapping[str, Value] | None = None
    ) -> Run:
        """Reach a goal."""
        ...

    async def asked_async(
        self,
        request: str,
        call: ToolContext,
        *,
        run: str | None = None,
        budget: Budget | None = None,
        inputs: Mapping[str, Value] | None = None,
        said: tuple[bool | None, str | None] | None = None,
    ) -> Run:
        """A run that another agent's call asks for."""
        ...
