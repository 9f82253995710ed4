"""Where a step's arguments come from: values, earlier results, blanks that a model fills. Calls no tool."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from prudent_agents import prompts
from prudent_agents.labels import TRUSTED, Label, join
from prudent_agents.plan import ITEM, Argument, Blank, Condition, Given, Ref, Step
from prudent_agents.rules import OPERATORS
from prudent_agents.values import JSON, Value
from prudent_agents.work import StepFailedError, Work

_FACT = re.compile(r"[\d.,:/+-]*\d[\d.,:/+-]*|\S+@\S+|\d{4}-\d\d-\d\d[T ].*")
"""Numbers, dates, times and email addresses."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")


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

    def holds(self, condition: Condition, item: Value | None = None) -> bool:
        """Whether a condition holds; one whose sides cannot be compared does not."""
        left = self.look_up(condition.left, item).data
        right = self.known(condition.right, item)
        try:
            if condition.op == "in":
                return left in cast("Any", right.data if right else [])
            return OPERATORS[condition.op](left, right.data if right else None)
        except TypeError:
            return False

    async def of(self, step: Step, item: Value | None = None, problem: str | None = None) -> dict[str, Value]:
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
            found |= {
                name: value for name, value in filled.items() if name in asked or name not in step.arguments
            }
        return found

    def known(self, argument: Argument, item: Value | None) -> Value | None:
        """The value of an argument, None for a blank. Raises StepFailedError: nothing is where it points."""
        if isinstance(argument, Given):
            return Value(data=argument.value, label=TRUSTED.of(argument.origin))
        if isinstance(argument, Ref):
            return self.look_up(argument, item)
        return None

    async def _filled(self, step: Step, problem: str | None) -> dict[str, Value]:
        """What the model gives for all arguments, with the label of everything it saw."""
        work = self._work
        seen = {name for one in step.arguments.values() if isinstance(one, Blank) for name in one.inputs}
        known = work.known([name for name in step.inputs if name in seen or name in step.needs])
        about = step.about or step.tool
        messages = prompts.call(
            about, work.state.goal, known, instructions=work.instructions, problem=problem
        )
        tool = work.tools[step.tool]
        reply = await work.asked("arguments", work.model.call(messages, [tool], required=True), step=step.id)
        if not reply.calls:
            raise StepFailedError(f"The model gave no arguments for {tool.name}.")
        label = join(value.label for _, value, _ in known.values())
        return {
            name: Value(data=data, label=self._label(data, tool.properties.get(name, {}), label))
            for name, data in reply.calls[0].arguments.items()
        }

    def _label(self, data: JSON, schema: Mapping[str, Any], seen: Label) -> Label:
        """What the user wrote, or a choice that the tool's author wrote, is theirs, whoever copied it."""
        if stated(data, self._work.state.goal) or "enum" in schema or isinstance(data, bool):
            return TRUSTED.of("request")
        return seen


def is_fact(data: JSON) -> bool:
    """Whether a value is a number, a date or an address: true or false, and not a matter of words."""
    if isinstance(data, bool) or data is None:
        return False
    return isinstance(data, int | float) or (isinstance(data, str) and bool(_FACT.fullmatch(data.strip())))


def stated(data: JSON, text: str) -> bool:
    """Whether a value stands in a text as it is: a number as a number, words as words."""
    if isinstance(data, bool) or data is None:
        return False
    if isinstance(data, int | float):
        numbers = (one.replace(",", "") for one in _NUMBER.findall(text))
        return any(_equal(one, data) for one in numbers)
    if isinstance(data, str):
        return bool(data.strip()) and _plain(data) in _plain(text)
    if isinstance(data, list):
        items = cast("list[Any]", data)
        return bool(items) and all(stated(one, text) for one in items)
    return False


def _equal(written: str, number: float) -> bool:
    try:
        return float(written) == number
    except ValueError:
        return False


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
