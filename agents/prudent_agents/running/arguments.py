"""Where a step's arguments come from: values, earlier results, blanks that a model fills. Calls no tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from prudent.types.content import Source
from prudent_agents.grounding.facts import SUMS, verbatim
from prudent_agents.grounding.facts import stated as stated
from prudent_agents.grounding.filled import candidates, nobody_said
from prudent_agents.grounding.unsaid import misnamed, relative
from prudent_agents.labels import TRUSTED, Label, join
from prudent_agents.models import prompts
from prudent_agents.plan import ITEM, Argument, Blank, Condition, Given, Ref, Step
from prudent_agents.rules import OPERATORS
from prudent_agents.running.comparing import compared
from prudent_agents.running.holding import statement, told
from prudent_agents.running.hollow import not_hollow
from prudent_agents.running.summing import Sum, made_up, summed
from prudent_agents.running.work import StepFailedError, Work
from prudent_agents.tool import Effect
from prudent_agents.values import JSON, Value, canonical


class Arguments:
    """Finds the arguments of the steps of one run."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def look_up(self, ref: Ref, item: Value | None = None) -> Value:
        """What a reference stands for. Raises StepFailedError: there is nothing there."""
        whole = item if ref.step == ITEM else self._work.state.results.get(ref.step)
        if whole is None:
            raise StepFailedError(f"{ref} is not there: {ref.step} has no result.")
        data = whole.data
        for key in ref.path:
            try:
                data = data[key]
            except (KeyError, IndexError, TypeError) as error:
                raise StepFailedError(f"{ref} is not there: there is no {key!r} in it.") from error
        return Value(data=data, label=whole.label)

    def holds(self, condition: Condition, item: Value | None = None) -> bool | None:
        """Whether a condition holds; one whose sides cannot be compared does not.

        None: it is one in words, and what was read does not tell, or could not be read.
        """
        if condition.op in ("says", "says not") and self._work.state.lost(condition.left.step):
            return None
        left = self.look_up(condition.left, item).data
        right = self.known(condition.right, item)
        if condition.op in ("says", "says not"):
            said = str(right.data if right else "")
            sides = compared(self._work, said)
            holds = told(said, left, self._asked_about(condition)) if sides is None else sides.holds
            return holds if holds is None else holds is (condition.op == "says")
        try:
            if condition.op == "in":
                return left in cast("Any", right.data if right else [])
            return OPERATORS[condition.op](left, right.data if right else None)
        except TypeError:
            return False

    async def of(
        self, step: Step, item: Value | None = None, problem: Value | None = None
    ) -> dict[str, Value]:
        """All arguments of a step. Blanks are asked of the model, together.

        `problem` says what was wrong with the last ones; then those that a model gave are asked for anew.

        Raises:
            StepFailedError: a reference leads nowhere.
        """
        found: dict[str, Value] = {}
        asked: list[str] = []
        for name, argument in step.arguments.items():
            known = self.known(argument, item)
            by_model = isinstance(argument, Given) and argument.origin == "model"
            if known is None or (problem is not None and by_model):
                asked.append(name)
            else:
                found[name] = known
        if asked:
            filled = await self._filled(step, problem)
            tool = self._work.tools[step.tool]
            missing = [name for name in tool.required if name not in step.arguments]
            found |= {
                name: value
                for name, value in filled.items()
                if name in (*asked, *missing) or (problem is not None and name not in step.arguments)
            }
        return found

    def known(self, argument: Argument, item: Value | None) -> Value | None:
        """The value of an argument, None for a blank. Raises StepFailedError: nothing is where it points."""
        if isinstance(argument, Given):
            own = argument.origin in ("recipe", "parameter")
            label = TRUSTED if own else self._label(argument.value, self._work.control())
            return Value(data=argument.value, label=label.of(argument.origin))
        if isinstance(argument, Ref):
            return self.look_up(argument, item)
        return None

    async def _filled(self, step: Step, problem: Value | None) -> dict[str, Value]:
        """What the model gives for all arguments, with the label of everything it saw."""
        work = self._work
        seen = {name for one in step.arguments.values() if isinstance(one, Blank) for name in one.inputs}
        known = work.known([name for name in step.inputs if name in seen or name in step.needs])
        not_hollow(step.id, [value for _, value, _ in known.values()])
        known |= self._decided(step)
        about = step.about or step.tool
        messages = prompts.call(
            about,
            work.state.goal,
            known,
            instructions=work.instructions,
            problem=None if problem is None else str(problem.data),
        )
        tool = work.tools[step.tool]
        reply = await work.asked("arguments", work.model.call(messages, [tool], required=True), step=step.id)
        if not reply.calls:
            raise StepFailedError(f"The model gave no arguments for {tool.name}.")
        told = [] if problem is None else [problem.label]
        label = join([work.control(), *told, *(value.label for _, value, _ in known.values())])
        held = [value.data for _, value, _ in known.values()]
        return {
            name: Value(data=one, label=self._label(one, label))
            for name, data in reply.calls[0].arguments.items()
            for one in [await self._grounded(step, name, data, held)]
        }

    def _decided(self, step: Step) -> dict[str, tuple[str, Value, Source]]:
        """What is so, by the condition in words under which a step stands: what it writes may say so."""
        when = step.when
        if when is None or when.op not in ("says", "says not") or not self.holds(when):
            return {}
        condition, read = self.known(when.right, None), self._work.source(when.left.step)
        if condition is None:
            return {}
        so = statement(str(condition.data), self._asked_about(when), holds=when.op == "says")
        label = self.look_up(when.left).label
        return {"": ("what is so", Value(data=so, label=label), read)}

    def _asked_about(self, condition: Condition) -> list[JSON]:
        """What the step was given that read what decides a condition."""
        plan, step = self._work.state.plan, condition.left.step
        asked = plan.step(step).arguments if plan is not None and step in plan.names else {}
        return [one.value for one in asked.values() if isinstance(one, Given)]

    async def _grounded(self, step: Step, name: str, data: JSON, held: Sequence[JSON]) -> JSON:
        """A fact that is neither known nor computed from what is known gives way to one that is known."""
        work = self._work
        tool, goal = work.tools[step.tool], work.state.goal
        schema = tool.properties.get(name, {})
        if relative(tool, {name: data}, f"{step.about}\n{goal}") is not None:
            computed = await self._summed(step, step.about or goal, uses_known=True)
            if computed is None:
                raise StepFailedError(f"{name} could not be worked out from what is known.")
            return computed.value
        if name in SUMS and isinstance(data, str) and made_up(data, [goal, *map(canonical, held)]):
            computed = await self._summed(step, goal)
            return data if computed is None else computed.written
        if tool.effect is not Effect.READ and "enum" not in schema and nobody_said(data, goal, held):
            raise StepFailedError(f"{name} would be {data}, and neither the request nor a result says so.")
        others = candidates(data, goal, held, stands_for=misnamed(name, schema, "name"))
        if len(others) < 2:
            return others[0] if others else data
        wanted = prompts.wanted(name, schema, step.about or step.tool)
        messages = prompts.call(wanted, work.state.goal, work.known(step.inputs))
        reply = await work.asked("choose", work.model.choose(messages, list(map(str, others))), step=step.id)
        return next(one for one in others if str(one) == reply.data)

    async def _summed(self, step: Step, request: str, *, uses_known: bool = False) -> Sum | None:
        known = list(self._work.known(step.inputs).values())
        return await summed(self._work, request, known, step.id, uses_known=uses_known)

    def _label(self, data: JSON, seen: Label) -> Label:
        """What the user wrote, as it stands there, is theirs, whoever copied it."""
        state = self._work.state
        asked = TRUSTED if state.started is None else state.started.label
        return asked.of("request") if verbatim(data, state.goal) else seen
