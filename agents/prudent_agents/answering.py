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
from prudent_agents.driver import OnText
from prudent_agents.labels import join
from prudent_agents.values import JSON, Value, canonical
from prudent_agents.work import Work

ANSWER_TOKENS = 400
Known = tuple[str, Value, Source]
_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*")
_COUNTED = {0.0, 1.0}
"""Numbers that any sentence may have."""


class Answerer:
    """Answers for one run. `told` is given the answer, in pieces where no draft of it has to be looked at."""

    def __init__(self, work: Work, goal: str, told: OnText) -> None:
        self._work = work
        self._goal = goal
        self._told = told

    async def answer(self, known: Sequence[Known]) -> str:
        """The answer in words."""
        if not known:
            return await self._say(known, self._told)
        text = await self._say(known)
        computed = await self._computed(known) if made_up(text, self._sources(known)) else None
        if computed is not None:
            return await self._say([*known, computed], self._told)
        await self._told(text)
        return text

    def _sources(self, known: Sequence[Known]) -> list[str]:
        return [self._goal, *(canonical(one.data) for _, one, _ in known)]

    async def _say(self, known: Sequence[Known], told: OnText | None = None) -> str:
        work = self._work
        messages = prompts.answer(self._goal, known, instructions=work.instructions)
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
