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
from prudent_agents.planning.splitting import apart
from prudent_agents.running.comparing import compared
from prudent_agents.running.holding import agrees, asks_yes_or_no, whether
from prudent_agents.running.reading import Reading, read_for
from prudent_agents.running.reporting import reported
from prudent_agents.running.summing import Known, Sum, in_units, made_up, summed
from prudent_agents.running.totting import (
    averaged,
    best,
    counted,
    each_read,
    enumerated,
    narrowed,
    only_list,
    total,
    whole_text,
)
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
_NOTHING_FOUND = ("nothing was found.", "什么也没有查到。")
_YES_OR_NO = (("No: ", "Yes: "), ("否：", "是："))
"""In English and Chinese, no and yes."""


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
        rest = await self._part_by_part(shown, left)
        with_source = cited(rest, [value.data for _, value, _ in shown])
        if with_source != rest:
            await self._told(with_source.removeprefix(rest.rstrip()))
        return f"{done}{with_source}"

    async def _part_by_part(self, known: Sequence[Known], goal: str) -> str:
        """The answer to each of two questions in one goal from what was read for it, one after the other."""
        of = self._of_parts(apart(goal)) if self._reading is None else {}
        if not of:
            return await self._answered(known, goal)
        said: list[str] = []
        for part, names in of.items():
            said.append((await self._answered(list(self._work.known(names).values()), part)).strip())
            if len(said) < len(of):
                await self._told(" ")
        return " ".join(said)

    def _of_parts(self, parts: Sequence[str]) -> dict[str, list[str]]:
        """The steps that read something for each part; none where the goal is one, or a part has no step."""
        plan, of = self._work.state.plan, {part: list[str]() for part in parts}
        part = ""
        for step in plan.steps if plan is not None else ():
            part = step.about if step.about in of else part
            if part and step.id in self._work.state.results:
                of[part].append(step.id)
        return of if len(of) > 1 and all(of.values()) else {}

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
        if self._reading is None and sides is None:
            there = only_list(known)
            said = whole_text(goal, known) or each_read(goal, known)
            said = said or (there and (enumerated(goal, there) or best(goal, there)))
            if said:
                await self._told(said)
                return said
            exact = averaged(goal, known) or (there and (counted(goal, there) or total(goal, there)))
            if exact:
                return await self._say([*known, exact], goal, self._told)
            known = narrowed(goal, known)
            decided = self._whether(goal, known)
            if decided is not None:
                return await self._yes_or_no(*decided, goal)
            as_read = self._as_read(goal, known)
            if as_read is not None:
                await self._told(as_read)
                return as_read
        asks_sum = bool(_ASKS_SUM.search(goal)) or bool(_ASKS_AMOUNT.search(goal) and self._free())
        computed = await self._summed(known) if asks_sum else None
        if computed is None:
            text = await self._say(known, goal)
            if not _repeats(text, goal) and not made_up(text, self._sources(known)):
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

    def _whether(self, goal: str, known: Sequence[Known]) -> tuple[bool, Known] | None:
        """What the only thing that was read answers a question for yes or no with, where that is exact."""
        read, results = self._work.read(), self._work.state.results
        shown = [one for one in known if any(one[1] is results[step.id] for step in read)]
        if not shown or len({canonical(results[step.id].data) for step in read}) != 1:
            return None
        given = [one.value for one in read[0].arguments.values() if isinstance(one, Given)]
        answer = whether(goal, results[read[0].id].data, given)
        return None if answer is None else (answer, shown[0])

    def _as_read(self, goal: str, known: Sequence[Known]) -> str | None:
        """What is said of results that small models read wrongly: nothing, and words of another language."""
        chinese = bool(IDEOGRAPHS.search(goal))
        if all(_is_empty(value.data) for _, value, _ in known):
            no = f"{_YES_OR_NO[chinese][False]}{_NOTHING_FOUND[chinese]}"
            return no if asks_yes_or_no(goal) else _NOTHING[chinese]
        said = [in_words(value.data, characters=_SHOWN) for _, value, _ in known]
        which = "哪" in goal and len(known) > 1
        if not chinese or not (which or asks_yes_or_no(goal)) or any(map(IDEOGRAPHS.search, said)):
            return None
        if not all(re.search(r"[A-Za-z]{3}", one) for one in said):
            return None
        return "；".join(said)

    async def _yes_or_no(self, yes: bool, read: Known, goal: str) -> str:
        """The answer in the model's words where they agree with what was read; else in the result's."""
        _, value, source = read
        head = _YES_OR_NO[bool(IDEOGRAPHS.search(goal))][yes]
        said = (goal, Value(data=head.rstrip(" :："), label=value.label), source)
        text = await self._say([read, said], goal)
        if _plain(text) == _plain(head) or not agrees(text, yes=yes) or made_up(text, self._sources([read])):
            text = f"{head}{in_words(value.data, characters=_SHOWN)}"
        await self._told(text)
        return text

    def _lacks_a_side(self, known: Sequence[Known]) -> bool:
        """Whether something that was to be compared could not be looked up, or nothing was found at all."""
        plan, failed = self._work.state.plan, self._work.state.failed
        lost = any(name in failed for name in (plan.names if plan is not None else ()))
        return lost or all(_is_empty(value.data) for _, value, _ in known)

    async def _summed(self, known: Sequence[Known]) -> Sum | None:
        return await summed(self._work, self._goal, known, uses_known=True, operands=self._free())

    def _free(self) -> set[float]:
        """The numbers of the goal that count something and that no call was given."""
        plan = self._work.state.plan
        given = [one for step in (plan.steps if plan else ()) for one in step.arguments.values()]
        taken = {float(one) for each in given if isinstance(each, Given) for one in numbers(str(each.value))}
        return _counting(self._goal) - taken

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


def _repeats(text: str, goal: str) -> bool:
    """Whether an answer is the request itself."""
    return _plain(text) == _plain(goal)


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def _is_empty(data: JSON) -> bool:
    """Whether nothing was read: nothing is larger than nothing."""
    return data is None or data in ("", [], {})


def _counting(goal: str) -> set[float]:
    """The numbers of a goal that count something: more than one, and no date, time or name of a file."""
    return {float(one) for one in numbers(_NO_COUNT.sub(" ", goal)) if one != "1"}
