"""What an agent works with, put together for one run: models, checks, rules, planner. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prudent.client import AsyncClient
from prudent_agents.budget import Account
from prudent_agents.connected import Connected
from prudent_agents.events import Event
from prudent_agents.models.driver import ChatModel, Model
from prudent_agents.models.metering import Metered
from prudent_agents.planning.choosing import Chooser
from prudent_agents.planning.planner import Planner
from prudent_agents.remembering import BACKGROUND, Leaning, requests
from prudent_agents.rules import Rules
from prudent_agents.running.guarding import Guard
from prudent_agents.running.recording import Journal
from prudent_agents.running.state import RunState
from prudent_agents.running.work import Approve, Work
from prudent_agents.tool import Tool


@dataclass
class Means:
    """The same for all runs of an agent. See `Agent` for what each is."""

    tools: Mapping[str, Tool]
    connected: Connected
    model: str | Model | None
    planner: str | Model | Planner | None
    instructions: str
    rules: Rules
    seed: int
    temperature: float
    _choosers: dict[AsyncClient, Chooser] = field(default_factory=dict[AsyncClient, Chooser])

    def work(
        self,
        journal: Journal,
        state: RunState,
        sink: Callable[[Event], None],
        approve: Approve | None,
        account: Account,
    ) -> Work:
        """All that works on one run shares this. What the run had used is in its account."""
        client = self.connected.client()
        account.restore(state.cost)
        return Work(
            tools=self.tools,
            model=Metered(self._as_model(self.model, client), account),
            journal=journal,
            state=state,
            sink=sink,
            guard=Guard(client),
            rules=self.rules,
            account=account,
            client=client,
            approve=approve,
            instructions=self.instructions,
            seed=self.seed,
            priced=self.connected.priced,
            background=tuple(name for name in BACKGROUND if name in state.results),
        )

    def planner_of(self, work: Work) -> Planner:
        """The planner of a run: it understands requests that lean on those before."""
        model, before = work.model, requests(work.state.results)
        if isinstance(self.planner, Planner):
            planner = self.planner
        else:
            assert work.client is not None
            if self.planner is not None:
                model = Metered(self._as_model(self.planner, work.client), work.account)
            tools = list(self.tools.values())
            chooser = self._choosers.setdefault(work.client, Chooser(tools, work.client))
            planner = Planner(model, tools, chooser, work.asked, instructions=self.instructions)
        return Leaning(planner, model, work.asked, before) if before else planner

    def _as_model(self, model: str | Model | None, client: AsyncClient) -> Model:
        if model is None or isinstance(model, str):
            return ChatModel(client, model, seed=self.seed, temperature=self.temperature)
        return model
