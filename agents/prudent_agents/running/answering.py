"""Writes the answer to a goal from its results. A number that stands in no result is computed, not guessed.

Small models do sums in their heads and get them wrong. Where an answer has a number that neither the goal nor
a result holds, the model is asked for the sum instead, the sum is done exactly, and the answer is written
with what it came to: program-aided answers (PAL, arXiv 2211.10435) where they are needed and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prudent.types.content import Source
from prudent_agents.grounding.citing import cited
from prudent_agents.grounding.comparatives import direction
from prudent_agents.grounding.facts import numbers
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.labels import join
from prudent_agents.models import prompts
from prudent_agents.models.driver import OnText
from prudent_agents.plan import Given
from prudent_agents.running.comparing import compared
from prudent_agents.running.reading import Reading, read_for
from prudent_agents.running.reporting import reported
from prudent_agents.running.summing import Known, Sum, in_units, made_up, summed
from prudent_agents.running.totting import averaged, counted, listed
from prudent_agents.running.work import Work
from prudent_agents.values import JSON, Value, canonical, in_words

ANSWER_TOKENS = 400
_SHOWN = 300
"""Characters of a result that are shown as they are."""
_ASKS_SUM = re.compile(
    r"\b(?:difference|total|together|altogether|in all|how much more|how many more|by how (?:much|many)|minus"
    r"|plus|sum|times|average|percent)\b|%|相差|一共|总共|合计|多多少|差多少|平均|总和",
    re.IGNORECASE,
)
"""Words of a goal whose answer is a sum of what is known."""
_ASKS_AMOUNT = re.compile(r"\bhow (?:much|many)\b|\bcosts?\b|\bworth\b|多少|几", re.IGNORECASE)
_NO_COUNT = re.compile(
    r"(?<!\S)\S*\.[a-z]{2,4}\b|\d{4}-\d\d-\d\d|\d{1,2}:\d\d|\d{4}年|(?<!\d)\d++[月日号]|一共|一下"
    r"|\b(?:in|of|since|until|[A-Z][a-z]{2,8}) (?:19|20)\d\d\b"
)
"""Dates, years, times and names of files: their numbers count nothing."""

_FOUND = ("I could not find that out. I found: {found}", "我没能得出确切的答案。查到的内容：{found}")
_NOTHING = ("I could not find that out: nothing was found.", "我没能得出答案：什么也没有查到。")


class Answerer:
    """Answers for one run. `told` is given the answer, in pieces where no draft of it has to be looked at."""

    def __init__(self, work: Work, goal: str, told: OnText) -> None:
        self._work = work
        self._goal = goal
        self._told = told
        self._reading: Reading | None = None

    async def answer(self, known: Sequence[Known]) -> str:
        """The answer in words. What was done is reported as it is; the model answers what is left."""
        done, left, used = reported(self._work, self._goal)
        if done:
            await self._told(done)
        if not left:
            return done
        shown = list(self._work.known(used).values()) if used else known
        self._reading = read_for(self._work, left, shown)
        if self._reading is not None:
            if self._reading.silent:
                await self._told(self._reading.nothing)
                return f"{done}{self._reading.nothing}"
            shown = self._reading.narrowed(shown)
        rest = await self._answered(shown, left)
        with_source = cited(rest, [value.data for _, value, _ in shown])
        if with_source != rest:
            await self._told(with_source.removeprefix(rest.rstrip()))
        return f"{done}{with_source}"

    async def _answered(self, known: Sequence[Known], goal: str) -> str:
        if not known:
            return await self._say(known, goal, self._told)
        sides = compared(self._work, goal)
        if sides is not None and sides.whole:
            await self._told(sides.said())
            return sides.said()
        if sides is None and direction(goal) is not None and self._lacks_a_side(known):
            unknown = _found([one for one in known if not _is_empty(one[1].data)], goal)
            await self._told(unknown)
            return unknown
        if sides is not None:
            label = join(one.label for _, one, _ in known)
            known = [*known, ("compared exactly", Value(data=sides.said(), label=label), Source.TOOL)]
        if self._reading is None and (items := listed(goal, known)) is not None:
            await self._told(items)
            return items
        if self._reading is None and (exact := counted(goal, known) or averaged(goal, known)) is not None:
            return await self._say([*known, exact], goal, self._told)
        asks_sum = bool(_ASKS_SUM.search(goal)) or _counts(goal)
        computed = await self._summed(known) if asks_sum else None
        if computed is None:
            text = await self._say(known, goal)
            if not made_up(text, self._sources(known)):
                text = text if self._reading is None else self._reading.right(text)
                await self._told(text)
                return text
            may_sum = not asks_sum and (self._reading is None or in_units(goal))
            computed = await self._summed(known) if may_sum else None
        if computed is not None:
            return await self._say([*known, computed.known(known)], goal, self._told)
        text = _found(known, goal) if self._reading is None else self._reading.instead
        await self._told(text)
        return text

    def _lacks_a_side(self, known: Sequence[Known]) -> bool:
        """Whether something that was to be compared could not be looked up, or nothing was found at all."""
        plan, failed = self._work.state.plan, self._work.state.failed
        lost = any(name in failed for name in (plan.names if plan is not None else ()))
        return lost or all(_is_empty(value.data) for _, value, _ in known)

    async def _summed(self, known: Sequence[Known]) -> Sum | None:
        plan = self._work.state.plan
        given = [one for step in (plan.steps if plan else ()) for one in step.arguments.values()]
        taken = {text for one in given if isinstance(one, Given) for text in numbers(str(one.value))}
        free = {float(one) for one in numbers(_NO_COUNT.sub(" ", self._goal)) if one not in ("1", *taken)}
        return await summed(self._work, self._goal, known, uses_known=True, operands=free)

    def _sources(self, known: Sequence[Known]) -> list[str]:
        return [self._goal, *(canonical(one.data) for _, one, _ in known)]

    async def _say(self, known: Sequence[Known], goal: str, told: OnText | None = None) -> str:
        work = self._work
        messages = prompts.answer(goal, known, instructions=work.instructions)
        asked = work.model.say(messages, max_tokens=ANSWER_TOKENS, on_text=told)
        return (await work.asked("answer", asked, tokens=ANSWER_TOKENS)).text


def _found(known: Sequence[Known], goal: str) -> str:
    """What there is to say where the model's answer has numbers that nobody gave it."""
    every = (in_words(value.data, characters=_SHOWN) for _, value, _ in known)
    found, chinese = "; ".join(filter(None, every)), bool(IDEOGRAPHS.search(goal))
    return _FOUND[chinese].format(found=found) if found else _NOTHING[chinese]


def _is_empty(data: JSON) -> bool:
    """Whether nothing was read: nothing is larger than nothing."""
    return data is None or data in ("", [], {})


def _counts(goal: str) -> bool:
    """Whether a goal asks for an amount of something that it gives a number of, and not of one."""
    return bool(_ASKS_AMOUNT.search(goal)) and any(one != "1" for one in numbers(_NO_COUNT.sub(" ", goal)))
