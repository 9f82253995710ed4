"""Agent: tools, a model, rules and a budget in, runs out. Knows how the parts fit together, no more."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from prudent.client import AsyncClient, Client
from prudent.errors import ConfigurationError
from prudent_agents.background import Background
from prudent_agents.budget import Account, Budget
from prudent_agents.connected import Connected
from prudent_agents.errors import PlanError
from prudent_agents.evaluation import Case, Evaluation, evaluate
from prudent_agents.events import Event, Planned, RunStarted
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import TRUSTED, Label
from prudent_agents.models.driver import Model
from prudent_agents.own_tools import own_tools
from prudent_agents.plan import FILL, SAY, Plan, Rung, see_to_goal
from prudent_agents.planned import PlannedRun, estimated
from prudent_agents.planning.planner import Planner
from prudent_agents.remembering import came_before, remember
from prudent_agents.rules import Rules
from prudent_agents.run import Run
from prudent_agents.running.loop import Loop
from prudent_agents.running.means import Means
from prudent_agents.running.recording import Journal, MemoryJournal
from prudent_agents.running.resuming import taken
from prudent_agents.running.state import RunState
from prudent_agents.running.work import Approve
from prudent_agents.teams import as_tool
from prudent_agents.tool import Tool, ToolContext
from prudent_agents.values import Value

if TYPE_CHECKING:
    from prudent_agents.journal import SqliteJournal
    from prudent_agents.knowledge import KnowledgeBase
    from prudent_agents.remembering import Memory


class Agent:
    """Reaches goals by calling tools. The runtime owns plan, state and boundary; the model fills in.

        @tool
        def meter(room: str) -> float:
            "Energy used today, in kWh."
            return READINGS[room]

        print(Agent(tools=[meter]).run("Which used more, attic or kitchen?").output)

    `tools` are tools or plain typed functions. `model` answers and fills in, `planner` plans (default: the
    same). `client` is a client or a server's address; None runs the models in this process. `output` makes
    answers typed. `rules` are rules on tools and data flow (see `rules`). `knowledge` is a knowledge base, or
    its file, that may be searched: answers name the passages that they stand in (`run.citations`). `memory`
    is a conversation that runs go on with, facts that are remembered, or both. Runs are kept in `journal`, by
    default in prudent's home, so that they survive a crash; `durable=False` keeps them in memory only.
    `name` and `about` are for those who choose among agents.
    """

    def __init__(
        self,
        *,
        tools: Sequence[Tool | Callable[..., Any]] = (),
        model: str | Model | None = None,
        planner: str | Model | Planner | None = None,
        client: Client | AsyncClient | str | None = None,
        instructions: str = "",
        output: type[BaseModel] | None = None,
        rules: Sequence[str] | Rules = (),
        budget: Budget | None = None,
        knowledge: KnowledgeBase | Path | str | None = None,
        memory: Memory | Sequence[Memory] = (),
        journal: Journal | None = None,
        durable: bool = True,
        seed: int = 0,
        temperature: float = 0.0,
        name: str = "agent",
        about: str = "",
        rung: Rung = Rung.DECODED,
    ) -> None:
        """Raises ConfigurationError: tools or rules are wrong. Nothing is opened before the first run."""
        self._given = {name: value for name, value in locals().items() if name != "self"}
        self.memories: tuple[Memory, ...] = tuple(memory) if isinstance(memory, Sequence) else (memory,)
        made = [one if isinstance(one, Tool) else tool_of(one) for one in tools]
        made += own_tools(knowledge, self.memories)
        self.tools: dict[str, Tool] = {one.name: one for one in made}
        if len(self.tools) < len(made):
            twice = sorted({one.name for one in made if [other.name for other in made].count(one.name) > 1})
            raise ConfigurationError(f"Two tools are called {', '.join(twice)}.", param="tools")
        if reserved := {FILL, SAY}.intersection(self.tools):
            raise ConfigurationError(f"No tool may be called {reserved.pop()}.", param="tools")
        self.name = name
        self.about = about
        self.budget = budget or Budget()
        self._means = Means(
            tools=self.tools,
            connected=Connected(client),
            model=model,
            planner=planner,
            instructions=instructions,
            rules=rules if isinstance(rules, Rules) else Rules(rules),
            seed=seed,
            temperature=temperature,
        )
        self._output = output
        self._opened: SqliteJournal | None = None
        self._journal = journal or (None if durable else MemoryJournal())
        self._rung = rung
        self._background = Background()

    @property
    def journal(self) -> Journal:
        """Where runs are kept. Raises JournalError: it cannot be opened."""
        if self._journal is None:
            from prudent_agents.journal import SqliteJournal

            self._journal = self._opened = SqliteJournal()
        return self._journal

    # Runs

    def run(
        self, goal: str, *, approve: Approve | None = None, inputs: Mapping[str, Value] | None = None
    ) -> Run:
        """Reach a goal, and wait for it.

        `approve` is asked for a person's word where the rules want it; without it the run pauses, and
        `resume` goes on. A run that fails is returned, not raised: see its status and error.

        Raises:
            PlanError: the goal is empty, or longer than `plan.LONGEST_GOAL`.
            JournalError: the run cannot be kept, so it was not begun.
        """
        return self._background.call(self.run_async(goal, approve=approve, inputs=inputs))

    async def run_async(
        self, goal: str, *, approve: Approve | None = None, inputs: Mapping[str, Value] | None = None
    ) -> Run:
        """See `run`."""
        return await self._folded(self.stream_async(goal, approve=approve, inputs=inputs))

    def stream(
        self, goal: str, *, approve: Approve | None = None, inputs: Mapping[str, Value] | None = None
    ) -> Iterator[Event]:
        """The events of a run as they happen. Leaving the iterator cancels the run."""
        return self._background.iterate(self.stream_async(goal, approve=approve, inputs=inputs))

    def stream_async(
        self,
        goal: str,
        *,
        approve: Approve | None = None,
        inputs: Mapping[str, Value] | None = None,
        run: str | None = None,
        owner: str = "",
    ) -> AsyncGenerator[Event]:
        """See `stream`. `run` is the run's id, where the caller has one, and `owner` whose run it is."""
        see_to_goal(goal)
        return self._events(self._started(goal, inputs, run=run, owner=owner), None, approve)

    # Plans

    def plan(self, goal: str) -> PlannedRun:
        """Plan a goal and run nothing. Print it, then `.run()` it."""
        return self._background.call(self.plan_async(goal))

    async def plan_async(self, goal: str) -> PlannedRun:
        """See `plan`."""
        see_to_goal(goal)
        work = self._means.work(
            MemoryJournal(), RunState(run="plan", goal=goal), lambda _: None, None, Account(self.budget)
        )
        work.journal.begin(RunStarted(run="plan", goal=goal))
        plan = await self._means.planner_of(work).plan(goal)
        cost = work.state.cost
        spent = work.account.seconds
        plan = estimated(plan, cost.tokens / spent if spent else 0.0, answers=True)
        return PlannedRun(plan, self.tools, self._run_plan, self._stream_plan)

    def execute(
        self, plan: Plan, *, inputs: Mapping[str, Value] | None = None, approve: Approve | None = None
    ) -> Run:
        """Run a fixed plan; its last step's result is the output. Raises PlanError: a tool is missing."""
        return self._background.call(self.execute_async(plan, inputs=inputs, approve=approve))

    async def execute_async(
        self, plan: Plan, *, inputs: Mapping[str, Value] | None = None, approve: Approve | None = None
    ) -> Run:
        """See `execute`."""
        return await self._folded(self.stream_plan_async(plan, inputs=inputs, approve=approve))

    def stream_plan_async(
        self,
        plan: Plan,
        *,
        inputs: Mapping[str, Value] | None = None,
        approve: Approve | None = None,
        run: str | None = None,
        owner: str = "",
    ) -> AsyncGenerator[Event]:
        """The events of a fixed plan's run. `run` and `owner` are as for `stream_async`."""
        if missing := sorted(set(plan.parameters) - set(inputs or {})):
            raise PlanError(f"The plan needs {', '.join(missing)}.", hint="Give them as inputs.")
        return self._events(self._started(plan.goal, inputs, run=run, owner=owner), plan, approve)

    def _run_plan(self, plan: Plan, approve: Approve | None) -> Run:
        """Run a plan that was made of a goal: it is answered at its end, and may be planned anew."""
        return self._background.call(
            self._folded(self._events(self._started(plan.goal, None), plan, approve))
        )

    def _stream_plan(self, plan: Plan, approve: Approve | None) -> Iterator[Event]:
        return self._background.iterate(self._events(self._started(plan.goal, None), plan, approve))

    # Going on

    def resume(
        self,
        run: str,
        *,
        approve: Approve | None = None,
        decision: bool | None = None,
        answer: str | None = None,
    ) -> Run:
        """Go on with a run that waits, was cancelled, or whose process died.

        `decision` is a person's word on the call that it waits for, `answer` theirs to its question.

        Raises:
            RunNotFoundError: there is none of this id.
            RunConflictError: it runs elsewhere, is over, or was begun with other tools.
        """
        return self._background.call(
            self.resume_async(run, approve=approve, decision=decision, answer=answer)
        )

    async def resume_async(
        self,
        run: str,
        *,
        approve: Approve | None = None,
        decision: bool | None = None,
        answer: str | None = None,
    ) -> Run:
        """See `resume`."""
        events, state, more = await taken(self.journal, run, self.tools, decision=decision, answer=answer)
        whole = await self._folded(self._driven(state, more, None, approve))
        return Run([*events, *whole.events], self._output)

    async def stream_resumed_async(
        self,
        run: str,
        *,
        approve: Approve | None = None,
        decision: bool | None = None,
        answer: str | None = None,
    ) -> AsyncGenerator[Event]:
        """See `resume`: what happens from here on, event by event. Leaving cancels the run."""
        _, state, more = await taken(self.journal, run, self.tools, decision=decision, answer=answer)
        going_on = self._driven(state, more, None, approve)
        async with aclosing(going_on):
            async for event in going_on:
                yield event

    def replay(self, run: str | Sequence[Event]) -> Run:
        """Run a run that ended again from what is in the journal: no model, no tool, no checks are asked.

        `run` is an id, or the events themselves, such as those of a recording that is kept with the tests.

        Raises:
            ReplayMismatchError: it comes out otherwise: something about this agent has changed.
            RunNotFoundError: there is no such run. RunConflictError: it did not end.
        """
        return self._background.call(self.replay_async(run))

    async def replay_async(self, run: str | Sequence[Event]) -> Run:
        """See `replay`."""
        from prudent_agents.replaying.replay import Recording

        events = await asyncio.to_thread(self.journal.events, run) if isinstance(run, str) else list(run)
        recorded = Recording(events)
        twin = self.changed(
            tools=recorded.tools(list(self.tools.values())),
            model=recorded.model,
            planner=recorded.planner,
            client=recorded.client,
            knowledge=None,
            memory=(),
            journal=None,
            durable=False,
        )
        again = await twin._folded(twin._events(recorded.started, recorded.plan, recorded.word))
        recorded.compare(again.events)
        return again

    def changed(self, **options: Any) -> Agent:
        """The same agent with other options of its constructor."""
        return Agent(**{**self._given, **options})

    def eval(
        self,
        cases: Sequence[Case | Mapping[str, Any]],
        *,
        seeds: int | Sequence[int] = 3,
        approve: Approve | None = None,
        at_once: int = 1,
    ) -> Evaluation:
        """Run cases, each with every seed, and say how often they came out right. Tools are called for good.

        See `evaluation.Case`. Decoding is greedy unless the agent has a `temperature`.

        Raises:
            InvalidRequestError: there is no case, or one is none.
        """
        return self._background.call(evaluate(self, cases, seeds=seeds, approve=approve, at_once=at_once))

    def as_tool(
        self, name: str, about: str, *, budget: Budget | None = None, hand_over: bool = False
    ) -> Tool:
        """This agent as a tool of another: it gets a request in words, and gives its answer.

        It runs with its own tools and rules, within `budget` and what is left of its caller's. A request
        that is untrusted or private stays so in there. It writes if any of its tools does, and what it gives
        is as confidential as the most confidential of them. Where it waits for a person, its caller does, and
        goes on with it. With `hand_over` it is also told what its caller found, and the conversation.
        """
        return as_tool(self, name, about, budget, hand_over=hand_over)

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
        """A run that another agent's call asks for; `said` (decision, answer) goes on with `run`."""
        account = Account(budget or self.budget, parent=call.account)
        if run is None or said is None:
            see_to_goal(request, param="request")
            started = self._started(
                request, inputs, label=call.label, parent=call.run, budget=budget, run=run
            )
            return await self._folded(self._events(started, None, call.word, account))
        events, state, more = await taken(self.journal, run, self.tools, decision=said[0], answer=said[1])
        whole = await self._folded(self._driven(state, more, account, call.word))
        return Run([*events, *whole.events], self._output)

    def use(self, client: Client | AsyncClient) -> None:
        """Ask this client, where the agent was given none: models are then shared with whoever has it too."""
        self._means.connected.use(client)

    def client(self) -> AsyncClient:
        """What the agent asks, for the loop that runs now."""
        return self._means.connected.client()

    def close(self) -> None:
        """Close what was opened. A client or a journal that the agent was given stays open."""
        if self._opened is not None:
            self._opened.close()
        self._background.call(self._means.connected.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # How the parts fit together

    def _started(
        self,
        goal: str,
        inputs: Mapping[str, Value] | None,
        *,
        label: Label = TRUSTED,
        parent: str | None = None,
        budget: Budget | None = None,
        run: str | None = None,
        owner: str = "",
    ) -> RunStarted:
        limits = (budget or self.budget).model_dump(exclude={"unknown_price"}, exclude_none=True)
        return RunStarted(
            run=run or f"run_{uuid.uuid4().hex[:16]}",
            goal=goal,
            agent=self.name,
            model=self._means.model if isinstance(self._means.model, str) else None,
            seed=self._means.seed,
            tools={name: one.digest for name, one in self.tools.items()},
            inputs={
                name: value.model_copy(update={"label": value.label.of(name)})
                for name, value in (inputs or {}).items()
            },
            budget=limits,
            label=label,
            parent=parent,
            owner=owner,
        )

    async def _events(
        self,
        started: RunStarted,
        plan: Plan | None,
        approve: Approve | None,
        account: Account | None = None,
    ) -> AsyncGenerator[Event]:
        for step in plan.steps if plan is not None else ():
            if step.tool not in self.tools and step.tool not in (FILL, SAY):
                raise PlanError(
                    f"Step '{step.id}' calls '{step.tool}', and there is no such tool.", param=step.id
                )
        # Kept in one: a run that is killed here must not be planned anew by whoever resumes it.
        if plan is None and self.memories:
            inputs = await came_before(started.goal, self.memories)
            started = started.model_copy(update={"inputs": {**inputs, **started.inputs}})
        known = [] if plan is None else [Planned(plan=plan)]
        await asyncio.to_thread(self.journal.begin, started, known)
        told = [started, *known]
        run = self._driven(RunState.of(told), (), account, approve, told=told)
        async with aclosing(run):  # who leaves waits until the run is stopped and recorded
            async for event in run:
                yield event

    async def _driven(
        self,
        state: RunState,
        first: Sequence[Event],
        account: Account | None,
        approve: Approve | None,
        *,
        told: Sequence[Event] = (),
    ) -> AsyncGenerator[Event]:
        """Run from where the state stands; `told`, then each event as it happens. Leaving cancels the run."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        for event in told:
            queue.put_nowait(event)
        account = account or Account(self.budget)
        work = self._means.work(self.journal, state, queue.put_nowait, approve, account)
        fixed = state.plan is not None and state.plan.rung is Rung.FIXED
        loop = Loop(
            work, None if fixed else self._means.planner_of(work), rung=self._rung, output=self._output
        )

        async def drive() -> None:
            try:
                if first:
                    await work.record(*first)
                await loop.run()
            finally:
                queue.put_nowait(None)

        task = asyncio.create_task(drive())
        try:
            while (event := await queue.get()) is not None:
                yield event
            await task
            if not fixed and state.status == "done" and state.started is not None:
                remember(self.memories, state.goal, state.started.label, state.output, state.label)
        finally:
            try:
                if not task.done():
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
            finally:
                await asyncio.shield(asyncio.to_thread(self.journal.release, state.run))

    async def _folded(self, events: AsyncGenerator[Event]) -> Run:
        async with aclosing(events):
            seen = [event async for event in events]
        return Run(seen, self._output)
