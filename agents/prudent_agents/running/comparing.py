"""Compares what was read of several things, exactly, and says what came of it. Asks no model.

Small models name the wrong one of two numbers about as often as the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from prudent_agents.grounding.comparatives import (
    asks_more,
    asks_whether,
    asks_which,
    direction,
    fields,
    than,
    thing_asked,
)
from prudent_agents.grounding.enumerated import speaks_of_all
from prudent_agents.grounding.facts import numbers
from prudent_agents.grounding.measured import alike, leaves, measured, words
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.plan import Given, Step
from prudent_agents.running.work import Work


@dataclass(frozen=True, slots=True)
class Compared:
    """Things with a number each, in the order of the text; `ends` is 1 where the most is wanted, else -1.

    `whole`: the comparison is all that the text asks for, of all that was read.
    """

    text: str
    things: tuple[tuple[str, Decimal], ...]
    ends: int
    whole: bool = True

    @property
    def holds(self) -> bool:
        """Whether the first is more, or less, than the second, as the text has it."""
        (_, first), (_, second) = self.things[:2]
        return (first - second) * self.ends > 0

    def said(self) -> str:
        """What came of it, in the language of the text."""
        chinese = IDEOGRAPHS.search(self.text) is not None
        values = [value for _, value in self.things]
        apart = max(values) - min(values)
        if asks_whether(self.text):
            head = ("是的：" if self.holds else "不是：") if chinese else ("Yes: " if self.holds else "No: ")
            return f"{head}{self._listed(self.things, chinese)}{_apart(apart, chinese)}"
        ordered = sorted(self.things, key=lambda one: -self.ends * one[1])
        if ordered[0][1] == ordered[1][1]:
            best = [one for one in ordered if one[1] == ordered[0][1]]
            head = "一样：" if chinese else "They are equal: "
            return f"{head}{self._listed(best, chinese)}{_apart(0, chinese)}"
        (name, value), rest = ordered[0], self._listed(ordered[1:], chinese)
        if chinese:
            return f"{name}（{value}）；{rest}{_apart(apart, chinese)}"
        return f"{name[:1].upper()}{name[1:]} ({value}), against {rest}{_apart(apart, chinese)}"

    def _listed(self, things: Sequence[tuple[str, Decimal]], chinese: bool) -> str:
        return ("，" if chinese else ", ").join(f"{name} {value}" for name, value in things)


def _apart(value: Decimal | int, chinese: bool) -> str:
    if not value:
        return "。" if chinese else "."
    return f"，相差 {value}。" if chinese else f": a difference of {value}."


def compared(work: Work, text: str, names: Sequence[str] | None = None) -> Compared | None:
    """What a text compares of what the run has read, by the exact numbers; None where it compares nothing.

    `names` are the steps whose results it may be of.
    """
    ends = direction(text)
    if ends is None or not (than(text) is not None or asks_which(text)):
        return None
    read = [step for step in work.read() if names is None or step.id in names]
    found = _things(work, read, text)
    if found is None:
        return None
    middle = than(text)
    in_order = sorted(found.items(), key=lambda one: _place(one[0], text))
    if asks_whether(text) or not asks_which(text):
        bare = text
        for name, _ in in_order:
            bare = bare.replace(name, " ")
        two_sides = middle is not None and _place(in_order[0][0], text) < middle < _place(
            in_order[1][0], text
        )
        if len(in_order) > 2 or not two_sides or numbers(bare):
            return None
    return Compared(text, tuple(in_order), ends, not asks_more(text))


def _things(work: Work, read: Sequence[Step], text: str) -> dict[str, Decimal] | None:
    """The number of each thing that the text speaks of, all from one tool; None where some have none.

    Of several tools the one that is for what is compared: prices, where it is what is cheaper.
    """
    kind, of, names = words(fields(text)), dict[str, list[Step]](), _names(read, text)
    for step in read:
        if step.id in names:
            of.setdefault(step.tool, []).append(step)
    several = [steps for steps in of.values() if len({names[step.id] for step in steps}) > 1]
    meant = [steps for steps in several if alike(words(_described(work, steps)), kind)] or several
    if len(meant) != 1:
        return None
    found: dict[str, Decimal] = {}
    for step in meant[0]:
        value = measured(work.state.results[step.id].data, words(text) | kind)
        if value is None:
            return None
        found[names[step.id]] = Decimal(str(value)).normalize() + 0
    return found


def _names(read: Sequence[Step], text: str) -> dict[str, str]:
    """The thing that each step read something of; of all choices there are where the text names none."""
    named = {step.id: name for step in read for name in [_named(step, text)] if name is not None}
    if named or not speaks_of_all(text):
        return named
    given = {
        step.id: [one.value for one in step.arguments.values() if isinstance(one, Given)] for step in read
    }
    return {name: str(values[0]) for name, values in given.items() if len(values) == 1}


def _described(work: Work, steps: Sequence[Step]) -> str:
    """What is known of where the numbers come from: the tool's words, and the names of fields."""
    tool = work.tools[steps[0].tool]
    keys = (key for step in steps for key, _ in leaves(work.state.results[step.id].data))
    return " ".join((tool.name.replace(".", " "), tool.card, *keys))


def _named(step: Step, text: str) -> str | None:
    """The thing that a step read something of, where the text speaks of it; in its words, where it names one.

    A tool whose articles have English names is asked for the `table` that a Chinese text calls 桌子.
    """
    given = [one.value for one in step.arguments.values() if isinstance(one, Given)]
    spoken = step.about.removeprefix(f"{step.tool.replace('_', ' ')} ")
    names = [one for one in (*given, thing_asked(step.about), spoken) if isinstance(one, str) and one]
    return next((one for one in names if _place(one, text) < len(text)), None)


def _place(name: str, text: str) -> int:
    """Where a text speaks of something; its length where it does not."""
    whole = text.casefold().find(name.casefold())
    if whole >= 0:
        return whole
    own = words(name)
    if own and all(alike({one}, words(text)) for one in own):
        last = name.casefold().split()[-1]
        near = text.casefold().find(last[: max(3, len(last) - 2)])
        return near if near >= 0 else len(text)
    return len(text)
