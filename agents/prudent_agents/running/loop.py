"""Runs a plan to its end: what is ready side by side, writes in order, another plan where a step fails.

Knows no client and no thread. Everything it learns is an event; it can be stopped at any of them and go on
from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from prudent.errors import PrudentError
from prudent_agents.errors import BudgetExceededError, JournalError, RunConflictError
from prudent_agents.events import Asked, Paused, Planned, RunEnded, Status, StepAdded, StepSkipped, TextDelta
from prudent_agents.labels import join
from prudent_agents.models import prompts
from prudent_agents.plan import Argument, Blank, Given, Plan, Rung, Step
from prudent_agents.planning.lacks import UndecidedError
from prudent_agents.planning.planner import Planner
from prudent_agents.remembering import CONVERSATION
from prudent_agents.running.answering import ANSWER_TOKENS, Answerer
from prudent_agents.running.executor import Executor
from prudent_agents.running.totting import worked_out
from prudent_agents.running.work import PausedError, Work
from prudent_agents.tool import Effect
from prudent_agents.values import JSON, canonical

MOST_REPLANS = 3
_FAULT = "Something broke inside prudent, which is no fault of the request; please report it with this line:"
MOST_STEPS_AT_A_TIME = 8
"""Steps of a run whose steps are chosen one at a time."""


class Loop:
    """One run, from wherever it stands. `planner` None: the plan is fixed, its last result is the output."""

    def __init__(
        self,
        work: Work,
        planner: Planner | None,
        *,
        rung: Rung = Rung.DECODED,
        output: type[BaseModel] | None = None,
    ) -> None:
        self._work = work
        self._planner = planner
        self._rung = rung
        self._output = output
        self._executor = Executor(work)
        self._given_up: set[str] = set()
        self._tried: dict[str, set[str]] = {}

    async def run(self) -> None:
        """Go on until the run ends or waits for a person, and record which.

        Raises:
            JournalError, RunConflictError: nothing more can be kept, so nothing more is done.
            asyncio.CancelledError: after the run is recorded as cancelled.
        """
        work = self._work
        try:
            await self._plan()
            await self._steps()
            await self._end()
        except PausedError:
            await work.record(Paused(reason="a person is asked"))
        except BudgetExceededError as error:
            await self._ended("over_budget", _latest(work), error.message)
        except (JournalError, RunConflictError):
            raise
        except asyncio.CancelledError:
            await asyncio.shield(self._ended("cancelled", _latest(work), "the run was cancelled"))
            raise
        except PrudentError as error:
            await self._ended("failed", _latest(work), str(error))
        except Exception as error:  # noqa: BLE001 - a run always says how it ended
            await self._ended("failed", _latest(work), f"{_FAULT} {type(error).__name__}: {error}")

    async def _plan(self) -> None:
        work = self._work
        if self._planner is None or self._rung is Rung.STEPWISE:
            return
        plan = work.state.plan
        if plan is None:
            plan = await self._planner.plan(work.state.goal)
            if prompts.ATTACHED in work.state.results and not plan.steps:
                plan = plan.model_copy(update={"ends": "answer", "note": None})  # the files may say it
            await work.record(Planned(plan=plan))
        elif plan.ends == "ask_user" and work.state.answers:
            question, said = work.state.answers[-1]
            plan = await self._planner.plan(f"{plan.goal}\n{question} {said}")
            await work.record(Planned(plan=plan, reason="the user answered"))
        if plan.ends == "ask_user":
            await work.record(Asked(question=plan.note or "What exactly is to be done?"))
            raise PausedError

    async def _steps(self) -> None:
        """Run steps until none is left."""
        while True:
            await self._after_failures()
            batch = self._batch()
            if not batch:
                if not await self._added():
                    return
                continue
            outcomes = await asyncio.gather(*map(self._executor.run, batch), return_exceptions=True)
            stops = [one for one in outcomes if isinstance(one, BaseException)]
            if stops:
                raise next((one for one in stops if not isinstance(one, PausedError)), stops[0])

    def _batch(self) -> list[Step]:
        """What may run now: the reads that are ready before the next write, else that write.

        A read behind a write in the plan waits for it: it may be there to see what the write left behind.
        """
        work, plan = self._work, self._work.state.plan
        if plan is None:
            return []
        ready = plan.ready(work.state.settled)
        reads: list[Step] = []
        for step in plan.steps:
            if step.id in work.state.settled:
                continue
            if work.effect(step) is not Effect.READ:
                return reads or ([step] if step in ready else [])
            if step in ready:
                reads.append(step)
        return reads

    def _answered_goal(self) -> str:
        """The goal, with what was asked about it and answered."""
        state = self._work.state
        return "\n".join([state.goal, *(f"{question} {said}" for question, said in state.answers)])

    async def _added(self) -> bool:
        """Whether one more step was chosen, where steps are chosen one at a time."""
        work = self._work
        done = [] if work.state.plan is None else list(work.state.plan.steps)
        if self._planner is None or self._rung is not Rung.STEPWISE or len(done) >= MOST_STEPS_AT_A_TIME:
            return False
        known = list(work.known([step.id for step in done]).values())
        try:
            step = await self._planner.next(self._answered_goal(), known, done)
        except UndecidedError as lack:
            await work.record(Asked(question=lack.question))
            raise PausedError from lack
        if step is None or self._again(step, done):
            return False
        await work.record(StepAdded(step=step))
        return True

    def _again(self, step: Step, done: Sequence[Step]) -> bool:
        """Whether a step would make a call that was made.

        What fills its blanks may be new, where it reads: that goes on until a call has been made twice.
        """
        alike = [one for one in done if _alike(one, step)]
        blank = any(isinstance(one, Blank) for one in step.arguments.values())
        if not alike or not blank or self._work.effect(step) is not Effect.READ:
            return bool(alike)
        intents = self._work.state.intents
        made = [
            canonical({name: value.data for name, value in intents[one.id, None].arguments.items()})
            for one in alike
            if (one.id, None) in intents
        ]
        return len(set(made)) < len(alike)

    async def _after_failures(self) -> None:
        """See to every step that failed or was left out, also before the run was interrupted."""
        work = self._work
        if work.state.plan is None:
            return
        for name in work.state.plan.names:
            step = work.state.plan.step(name)
            if name in work.state.failed and name not in self._given_up:
                await self._after_failure(step)
            elif name in work.state.skipped:
                await self._left_out(work.state.plan, name, data=True)

    async def _after_failure(self, step: Step) -> None:
        """Plan anew around a failed step, or leave out what needs it; a refusal is never planned around."""
        work = self._work
        plan = work.state.plan
        assert plan is not None
        problem = work.state.failed[step.id]
        refused = step.id in work.state.refused
        if self._planner is not None and not refused and work.state.replans < MOST_REPLANS:
            tried = self._tried.setdefault(step.id, set())
            other = await self._planner.again(plan, step, problem, tried)
            tried.add(step.tool)
            if other is not None:
                await work.record(Planned(plan=other, reason=f"{step.id} failed: {problem}"))
                return
        self._given_up.add(step.id)
        await self._left_out(plan, step.id)

    async def _left_out(self, plan: Plan, name: str, *, data: bool = False) -> None:
        """Skip everything that needs a step which has no result; `data`: only what refers to its result.

        Where a condition in words could not be looked up, a person is asked what to do.
        """
        gone = {name}
        for step in plan.steps:
            needs = step.data if data else step.inputs
            if step.in_words and step.when is not None and self._work.state.lost(step.when.left.step):
                bare = step.model_copy(update={"when": None})
                needs = bare.data if data else bare.inputs
            if step.id not in self._work.state.settled and gone.intersection(needs):
                reason = f"it needs {next(one for one in needs if one in gone)}, which has no result"
                gone.add(step.id)
                await self._work.record(StepSkipped(step=step.id, reason=reason))

    async def _end(self) -> None:
        work = self._work
        failed = {name: why for name, why in work.state.failed.items() if not self._decided(name)}
        status: Status = "refused" if work.state.refused else "failed" if failed else "done"
        error = "; ".join(failed.values()) or None
        if self._planner is None:
            await self._ended(status, _latest(work), error)
            return
        inputs = work.state.started.inputs if work.state.started is not None else {}
        if failed and work.state.results.keys() <= inputs.keys():
            await self._ended(status, None, error)
            return
        if work.state.plan is not None and work.state.plan.ends == "cannot":
            await self._ended(status, work.state.plan.note, error)
            return
        await self._ended(status, await self._answer(), error)

    def _decided(self, name: str) -> bool:
        """Whether a step only looked a condition up, failed, and a person has decided in its place."""
        plan, state = self._work.state.plan, self._work.state
        if plan is None or name in state.refused or name not in plan.names:
            return False
        needing = [step for step in plan.steps if name in step.inputs]
        return bool(needing) and all(step.in_words and step.id in state.results for step in needing)

    async def _answer(self) -> JSON:
        """The answer to the goal from the results, typed where a type is asked for.

        A request that was written out needs no conversation: an old answer in it looks like its own.
        """
        work, plan = self._work, self._work.state.plan
        whole = plan is not None and bool(plan.steps) and plan.goal != work.state.goal
        shown = (one for one in work.background if not (whole and one == CONVERSATION))
        names = [*shown, *(plan.names if plan is not None else ()), *work.state.failed]
        known = list(work.known(names).values())
        goal = self._answered_goal() if plan is None or plan.rung is Rung.STEPWISE else plan.goal
        if self._output is not None:
            messages = prompts.answer(goal, worked_out(goal, known), instructions=work.instructions)
            return await self._typed(messages, self._output)

        async def told(text: str) -> None:
            work.sink(TextDelta(text=text))

        return await Answerer(work, goal, told).answer(known)

    async def _typed(self, messages: Sequence[prompts.Message], output: type[BaseModel]) -> JSON:
        schema, said = output.model_json_schema(), messages
        for last in (False, True):
            reply = await self._work.asked(
                "answer", self._work.model.fill(said, schema), tokens=ANSWER_TOKENS
            )
            try:
                return output.model_validate(reply.data).model_dump(mode="json")
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(map(str, first["loc"]))
                wrong = f"The answer is no {output.__name__}: {field}: {first['msg']}."
                if last:
                    raise PrudentError(
                        wrong, hint="Say in the goal what belongs there, or use a larger model."
                    ) from error
                said = [*messages, {"role": "user", "content": wrong}]
        return None

    async def _ended(self, status: Status, output: JSON, error: str | None) -> None:
        label = join([self._work.control(), *(value.label for value in self._work.state.results.values())])
        seen = label.model_dump(mode="json") | {"sources": sorted(label.sources)}
        await self._work.record(RunEnded(status=status, output=output, label=seen, error=error))


def _alike(one: Step, other: Step) -> bool:
    """Whether two steps are one call, whoever gave its values and whatever its blanks are filled from."""
    return one.tool == other.tool and _bare(one) == _bare(other)


def _bare(step: Step) -> dict[str, Argument | JSON]:
    return {
        name: one.value if isinstance(one, Given) else Blank() if isinstance(one, Blank) else one
        for name, one in step.arguments.items()
    }


def _latest(work: Work) -> JSON:
    """What the last step that has a result came to."""
    plan = work.state.plan
    names = [] if plan is None else [name for name in plan.names if name in work.state.results]
    return work.state.results[names[-1]].data if names else None
