"""Writes the answer to a goal from its results. A number that stands in no result is computed, not guessed.

Small models do sums in their heads and get them wrong. Where an answer has a number that neither the goal nor
a result holds, the model is asked for the sum instead, the sum is done exactly, and the answer is written
with what it came to: program-aided answers (PAL, arXiv 2211.10435) where they are needed and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from prudent.errors import PrudentError
from prudent.types.content import Source
from prudent_agents import prompts
from prudent_agents.arithmetic import ArithmeticSyntaxError, evaluate, number
from prudent_agents.citing import cited
from prudent_agents.driver import OnText
from prudent_agents.labels import join
from prudent_agents.tool import Effect
from prudent_agents.values import JSON, Value, canonical, digest
from prudent_agents.work import Work

ANSWER_TOKENS = 400
Known = tuple[str, Value, Source]
_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ASKS = re.compile(r"[?？]|\btell me\b|告诉", re.IGNORECASE)
_ASKS_SUM = re.compile(
    r"\b(?:difference|total|together|altogether|in all|how much more|how many more|by how (?:much|many)|minus"
    r"|plus|sum|times|average|percent)\b|%|相差|一共|总共|合计|多多少|差多少|平均|总和",
    re.IGNORECASE,
)
"""Words of a goal whose answer is a sum of what is known."""
_COUNTED = {0.0, 1.0}
"""Numbers that any sentence may have."""


class Answerer:
    """Answers for one run. `told` is given the answer, in pieces where no draft of it has to be looked at."""

    def __init__(self, work: Work, goal: str, told: OnText) -> None:
        self._work = work
        self._goal = goal
        self._told = told

    async def answer(self, known: Sequence[Known]) -> str:
        """The answer in words. What was done is reported as it is; the model answers what is left."""
        done, left, used = reported(self._work, self._goal)
        if done:
            await self._told(done)
        if not left:
            return done
        shown = list(self._work.known(used).values()) if used else known
        rest = await self._answered(shown, left)
        with_source = cited(rest, [value.data for _, value, _ in shown])
        if with_source != rest:
            await self._told(with_source.removeprefix(rest.rstrip()))
        return f"{done}{with_source}"

    async def _answered(self, known: Sequence[Known], goal: str) -> str:
        if not known:
            return await self._say(known, goal, self._told)
        if _ASKS_SUM.search(goal) and (summed := await self._computed(known)) is not None:
            return await self._say([*known, summed], goal, self._told)
        text = await self._say(known, goal)
        computed = await self._computed(known) if made_up(text, self._sources(known)) else None
        if computed is not None:
            return await self._say([*known, computed], goal, self._told)
        await self._told(text)
        return text

    def _sources(self, known: Sequence[Known]) -> list[str]:
        return [self._goal, *(canonical(one.data) for _, one, _ in known)]

    async def _say(self, known: Sequence[Known], goal: str, told: OnText | None = None) -> str:
        work = self._work
        messages = prompts.answer(goal, known, instructions=work.instructions)
        asked = work.model.say(messages, max_tokens=ANSWER_TOKENS, on_text=told)
        return (await work.asked("answer", asked, tokens=ANSWER_TOKENS)).text

    async def _computed(self, known: Sequence[Known]) -> Known | None:
        """The sum that the goal asks for and what it comes to; None where it is none of known numbers."""
        work = self._work
        messages = prompts.sum_of(self._goal, known)
        try:
            reply = await work.asked("fill", work.model.fill(messages, prompts.SUM_SCHEMA))
        except PrudentError:
            return None
        record: JSON = reply.data
        written = str(cast("dict[str, Any]", record).get("sum", "")) if isinstance(record, dict) else ""
        if made_up(written, self._sources(known)):
            return None
        try:
            value = number(evaluate(written))
        except (ArithmeticSyntaxError, ZeroDivisionError, OverflowError):
            return None
        label = join(one.label for _, one, _ in known)
        return f"{written} comes to", Value(data=value, label=label), Source.TOOL


def reported(work: Work, goal: str) -> tuple[str, str, list[str]]:
    """What the run has written, in words; what of the goal is left to be answered; from which steps.

    A small model asked for both at once tells neither. What only served a write is not answered again, unless
    the goal asks something. No steps: from all of them.
    """
    plan, results = work.state.plan, work.state.results
    steps = [] if plan is None else [step for step in plan.steps if step.id in results]
    written = [step for step in steps if work.effect(step) is not Effect.READ]
    if not written:
        return "", goal, []
    word = "已完成：" if _CHINESE.search(goal) else "Done: "
    lines = [f"{word}{step.about or step.tool}{_came_to(results[step.id].data)}\n" for step in written]
    served = {name for step in written for name in step.inputs}
    left = [step for step in steps if step not in written and step.id not in served]
    if not left and _ASKS.search(goal):
        return "".join(lines), goal, []
    asked = " ".join(dict.fromkeys(step.about for step in left))
    return "".join(lines), asked, [step.id for step in left]


def _came_to(data: JSON) -> str:
    return "" if data is None or isinstance(data, bool) else f" ({digest(data, characters=120)})"


def made_up(text: str, sources: Sequence[str]) -> bool:
    """Whether a text has a number that is in none of the sources."""
    held = {found for source in sources for found in _numbers(source)} | _COUNTED
    return any(found not in held for found in _numbers(text))


def _numbers(text: str) -> set[float]:
    found: set[float] = set()
    for written in _NUMBER.findall(text):
        for form in (written.replace(",", ""), written):
            try:
                found.add(float(form))
            except ValueError:
                continue
    return found
