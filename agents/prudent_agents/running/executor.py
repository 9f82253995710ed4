"""Runs one step: arguments, rules, checks, the intent, the call, its result. Knows no goal's plan.

The order is the promise: nothing is called before the rules and the checks allowed it and its intent is in
the journal; a call that writes is never made twice unless a person says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, cast

from prudent.errors import PrudentError
from prudent.types.content import Source
from prudent_agents.budget import Cost
from prudent_agents.errors import (
    BudgetExceededError,
    JournalError,
    RefusedByPolicyError,
    RunConflictError,
    ToolArgumentsError,
    ToolError,
    ToolWaitsError,
    ValueShapeError,
)
from prudent_agents.events import (
    Refused,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    ToolIntended,
)
from prudent_agents.grounding.citing import cited
from prudent_agents.grounding.optional import emptied, unfounded
from prudent_agents.labels import TRUSTED, join
from prudent_agents.models import prompts
from prudent_agents.plan import FILL, ITEM, SAY, Blank, Given, Ref, Rung, Step
from prudent_agents.rules import Permission
from prudent_agents.running.approving import Approvals, failed, finished, result_label
from prudent_agents.running.arguments import Arguments
from prudent_agents.running.hollow import not_hollow
from prudent_agents.running.reading import read_in
from prudent_agents.running.work import StepFailedError, Work
from prudent_agents.tool import Effect, Precondition, Tool, ToolContext
from prudent_agents.values import JSON, Value, canonical, digest, in_words

REPAIRS = 2
"""How often arguments that a model gave are asked for anew, with what was wrong."""
WRITES_AGAIN = 2
"""How often a write is made anew of which it is known that it had no effect, or that a person allowed."""
_AT_ONCE = 4
"""Items of `each` that are read side by side."""
_SHOWN = 120
"""Characters of what was found, where a person is asked about it."""
_SURE_ENOUGH = 0.35
"""A tool that writes and was chosen with less has a person asked: another one was nearly as likely."""
_STOPS = (BudgetExceededError, JournalError, RunConflictError)
"""What ends the run and not only the step."""


class Executor:
    """Runs the steps of one run."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._arguments = Arguments(work)
        self._approvals = Approvals(work)

    async def run(self, step: Step) -> None:
        """Run a step to its result, its failure or its refusal, and record which.

        Raises:
            PausedError: a person must say something first.
            BudgetExceededError, JournalError, RunConflictError: the run ends here.
        """
        work = self._work
        try:
            if step.when is not None and self._arguments.holds(step.when) is False:
                await work.record(StepSkipped(step=step.id, reason=f"not {step.when}"))
                return
            work.later(StepStarted(step=step.id))
            value = await (self._each(step) if step.each is not None else self._once(step))
            work.later(StepDone(step=step.id, value=value))
        except RefusedByPolicyError as error:
            rule = str(error.details.get("rule", "policy"))
            refused = Refused(step=step.id, tool=step.tool, rule=rule, reason=error.message)
            await work.record(refused, StepFailed(step=step.id, error=error.message))
        except _STOPS:
            raise
        except (StepFailedError, PrudentError) as error:
            await work.record(StepFailed(step=step.id, error=str(error)))

    async def _each(self, step: Step) -> Value:
        """Every item of a list: reads side by side, anything else in order."""
        assert step.each is not None
        whole = self._arguments.look_up(step.each)
        listed: Any = whole.data
        if not isinstance(listed, list):
            raise StepFailedError(f"{step.each} is no list, so there is nothing to go through.")
        items = [Value(data=one, label=whole.label) for one in cast("list[Any]", listed)]
        if self._work.effect(step) is Effect.READ:
            made = await self._side_by_side(step, items)
        else:
            made = [await self._once(step, item, index) for index, item in enumerate(items)]
        return Value(data=[one.data for one in made], label=join([whole.label, *(one.label for one in made)]))

    async def _side_by_side(self, step: Step, items: Sequence[Value]) -> list[Value]:
        """The results for all items; with the first that fails the others stop too."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def gated(index: int, item: Value) -> Value:
            async with gate:
                return await self._once(step, item, index)

        tasks = [asyncio.create_task(gated(index, item)) for index, item in enumerate(items)]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _once(self, step: Step, item: Value | None = None, index: int | None = None) -> Value:
        if step.tool in (FILL, SAY):
            return await self._written(step, item)
        tool = self._work.tools.get(step.tool)
        if tool is None:
            raise StepFailedError(f"There is no tool {step.tool}.")
        problem: Value | None = None
        tried: set[str] = set()
        state = self._work.state
        begun = state.intents.get((step.id, index)) or state.asked.get((step.id, index))
        for attempt in range(REPAIRS + 1):
            if begun is not None and problem is None and begun.tool == tool.name:
                arguments = dict(begun.arguments)  # a model that is asked again may say something else
            else:
                arguments = await self._arguments.of(step, item, problem)
            written = canonical({name: value.data for name, value in arguments.items()})
            if written in tried:
                break
            tried.add(written)
            try:
                return await self._called(step, tool, arguments, index)
            except ToolError as error:
                label = TRUSTED if isinstance(error, ToolArgumentsError) else result_label(tool, arguments)
                problem = Value(data=error.message, label=label)
                if attempt == REPAIRS or not _by_model(step):
                    break
        raise StepFailedError(f"{tool.name} failed." if problem is None else str(problem.data))

    async def _written(self, step: Step, item: Value | None) -> Value:
        """A step in which the model writes, from its inputs alone and with no tools in reach."""
        work, known = self._work, self._inputs(step, item)
        not_hollow(step.id, [value for _, value, _ in known])
        label = join([work.control(), *(value.label for _, value, _ in known)]).of(step.id)
        if step.tool == FILL:
            return Value(data=await self._filled(step, known), label=label)
        reading = read_in(work, step)
        if reading is not None and reading.silent:
            return Value(data=reading.nothing, label=label)
        messages = prompts.say(step.instruction or step.about, known, instructions=work.instructions)
        reply = await work.asked("say", work.model.say(messages), step=step.id)
        said = reply.text if reading is None else reading.right(reply.text)
        text = cited(said, [value.data for _, value, _ in known])
        return Value(data=text, label=label)

    async def _filled(self, step: Step, known: Sequence[tuple[str, Value, Source]]) -> JSON:
        """The value of a step's shape; asked for again where it is of another, with what was wrong.

        What may be nothing and is made up is asked for once more, and is nothing then.
        """
        messages = asked = prompts.fill(step.instruction, known)
        text = "\n".join([step.instruction or "", *(canonical(value.data) for _, value, _ in known)])
        corrected = False
        for attempt in range(REPAIRS + 1):
            try:
                filled = self._work.model.fill(asked, step.shape or {})
                data = (await self._work.asked("fill", filled, step=step.id)).data
            except ValueShapeError as error:
                if attempt == REPAIRS:
                    raise
                wrong = error.message
            else:
                places = unfounded(data, step.shape or {}, text)
                if not places or corrected or attempt == REPAIRS:
                    return emptied(data, list(places))
                corrected, wrong = True, prompts.not_there(places.values())
            asked = [*messages, {"role": "user", "content": f"That was wrong: {wrong}"}]
        raise AssertionError  # the last attempt returns or raises

    def _inputs(self, step: Step, item: Value | None) -> list[tuple[str, Value, Source]]:
        """What the model is shown in a step without tools, each piece with where it came from."""
        work = self._work
        found: list[tuple[str, Value, Source]] = []
        for name, argument in step.arguments.items():
            if isinstance(argument, Blank):
                found += work.known(argument.inputs).values()
            else:
                origin = argument.step if isinstance(argument, Ref) else ""
                if origin == ITEM and step.each is not None:
                    origin = step.each.step
                value = self._arguments.known(argument, item)
                if value is not None:
                    found.append((name, value, work.source(origin)))
        return found + list(work.known(step.needs).values())

    async def _called(self, step: Step, tool: Tool, arguments: dict[str, Value], index: int | None) -> Value:
        """One call with these arguments, unless it has been made before."""
        work = self._work
        plain = {name: value.data for name, value in arguments.items()}
        key = _key(work.state.run, step.id, index, tool.name, plain)
        if key in work.state.finished:
            return work.state.finished[key]
        if tool.effect is not Effect.READ and (made := self._made_before(step, tool, plain)) is not None:
            return made
        tool.validate(plain)
        if tool.precondition is not None and (why := _broken(tool.precondition, plain)):
            raise ToolArgumentsError(f"{tool.name}: {why}")
        await self._allowed(step, tool, arguments, index)
        written = {name: data for name, data in plain.items() if not _by_developer(step, name)}
        known = partial(work.given, with_results=tool.effect is not Effect.READ)
        if (found := await work.guard.arguments(step.id, tool.name, written, known)) is not None:
            await work.record(found)
        if key in work.state.open and tool.effect is Effect.WRITE and not tool.goes_on:
            happened = await self._approvals.unknown(step, tool, arguments, key, index)
            if happened is not None:
                return happened
        intended = ToolIntended(
            step=step.id, tool=tool.name, arguments=arguments, key=key, effect=tool.effect, item=index
        )
        return await self._attempted(step, tool, intended)

    def _made_before(self, step: Step, tool: Tool, plain: Mapping[str, JSON]) -> Value | None:
        """What this very call came to where a model chose it a second time, one step after the other."""
        state = self._work.state
        if state.plan is None or state.plan.rung is not Rung.STEPWISE:
            return None
        others = (
            one for (name, _), one in state.intents.items() if name != step.id and one.tool == tool.name
        )
        same = (one for one in others if {name: value.data for name, value in one.arguments.items()} == plain)
        return next((state.finished[one.key] for one in same if one.key in state.finished), None)

    async def _attempted(self, step: Step, tool: Tool, intended: ToolIntended) -> Value:
        """Make the call, again where that is harmless."""
        work, attempt = self._work, 0
        plain = {name: value.data for name, value in intended.arguments.items()}
        label = join([work.control(), *(value.label for value in intended.arguments.values())])
        context = ToolContext(
            work.state.run,
            step.id,
            intended.key,
            work.client,
            label=label,
            account=work.account,
            word=self._approvals.word,
            answered=self._approvals.answered,
            found=dict(work.state.results),
        )
        while True:
            with work.account.reserve(calls=1):
                await work.record(intended)
                work.account.settle(tool_calls=1)
            began = time.monotonic()
            try:
                result = await tool.call(plain, context)
            except ToolWaitsError as waits:
                await self._approvals.wait(step, waits.waiting, intended.item)
                raise
            except ToolError as error:
                known = tool.effect is not Effect.WRITE or bool(error.details.get("known", True))
                cost = context.used.pop() if context.used else None
                await work.record(failed(intended, error.message, known=known, cost=cost))
                attempt += 1
                if not known:
                    happened = await self._approvals.unknown(
                        step, tool, intended.arguments, intended.key, intended.item
                    )
                    if happened is not None:
                        return happened
                    if attempt > WRITES_AGAIN:
                        raise
                    continue
                if attempt > tool.retries or tool.effect is Effect.WRITE or error.http_status == 400:
                    raise
                continue
            cost = context.used.pop() if context.used else None
            return await self._kept(tool, intended, result, time.monotonic() - began, cost)

    async def _kept(
        self, tool: Tool, intended: ToolIntended, result: JSON, seconds: float, cost: Cost | None
    ) -> Value:
        """The checked result with its label, recorded. One that is refused is as if there were none."""
        work = self._work
        value = Value(data=None, label=result_label(tool, intended.arguments).of(intended.step))
        try:
            data, found = await work.guard.result(intended.step, tool.name, result, tool.source)
        except RefusedByPolicyError:
            await work.record(finished(intended, value, seconds, cost=cost))
            raise
        value = Value(data=work.numbered(data), label=value.label)
        work.later(*([found] if found is not None else []), finished(intended, value, seconds, cost=cost))
        return value

    async def _allowed(
        self, step: Step, tool: Tool, arguments: Mapping[str, Value], index: int | None
    ) -> None:
        """Rules first, then a person where they say so. Raises RefusedByPolicyError, PausedError."""
        decision = self._work.rules.decide(
            tool.name, tool.effect, _left_out(tool) | dict(arguments), self._work.control()
        )
        if decision.permission is Permission.DENY:
            raise RefusedByPolicyError(
                f"A rule forbids this call of {tool.name}: {decision.rule}.", details={"rule": decision.rule}
            )
        undecided = (_unsure(step) or self._undecided(step)) if tool.effect is not Effect.READ else None
        if decision.permission is Permission.ASK or tool.approval or undecided:
            reason = undecided or decision.rule or f"{tool.name} asks for approval"
            await self._approvals.ask(step, tool, arguments, reason, item=index)

    def _undecided(self, step: Step) -> str | None:
        """Why a person has to say whether a step's condition holds; None where that is known."""
        if step.when is None or self._arguments.holds(step.when) is not None:
            return None
        condition = step.when.right.value if isinstance(step.when.right, Given) else step.when.right
        if self._work.state.lost(step.when.left.step):
            why = self._work.state.failed.get(step.when.left.step, "nothing was found")
            return f"nobody could find out whether this holds: {condition} ({digest(why, characters=_SHOWN)})"
        found = in_words(self._arguments.look_up(step.when.left).data, characters=_SHOWN) or "nothing"
        return f"what was found does not say whether this holds: {condition} (found: {found})"


def _unsure(step: Step) -> str | None:
    """Why a person has to say whether a tool that writes is the one meant; None where that is sure."""
    if step.confidence is None or step.confidence >= _SURE_ENOUGH:
        return None
    return f"it is not sure that {step.tool} is what is asked for: {step.about}"


def _broken(precondition: Precondition, plain: Mapping[str, JSON]) -> str | None:
    """Why the call must not be made; a precondition that fails itself is not met."""
    try:
        return precondition(plain)
    except Exception as error:  # noqa: BLE001 - a user's function
        return f"whether it may be called cannot be told: {type(error).__name__}: {error}"


def _left_out(tool: Tool) -> dict[str, Value]:
    """What the tool takes where an argument is left out, so that no rule is slipped by leaving one out."""
    properties = cast("Mapping[str, Mapping[str, Any] | bool]", tool.properties)
    return {
        name: Value(data=None if isinstance(schema, bool) else schema.get("default"))
        for name, schema in properties.items()
    }


def _by_developer(step: Step, name: str) -> bool:
    """Whether an argument stands in the recipe: its author wrote it, and no check is to stop it."""
    argument = step.arguments.get(name)
    return isinstance(argument, Given) and argument.origin == "recipe"


def _by_model(step: Step) -> bool:
    """Whether a model had a part in the arguments, so that asking again may help."""
    return any(
        isinstance(one, Blank) or (isinstance(one, Given) and one.origin == "model")
        for one in step.arguments.values()
    )


def _key(run: str, step: str, index: int | None, tool: str, arguments: Mapping[str, JSON]) -> str:
    exact = canonical([run, step, index, tool, dict(arguments)])
    return sha256(exact.encode("utf-8", "surrogatepass")).hexdigest()[:32]
