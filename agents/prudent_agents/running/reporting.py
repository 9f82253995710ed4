"""Reports what a run has written, and what it left out and why, from its calls. Asks no model.

A small model asked for a report and an answer at once tells neither, and repeats the request for a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.plan import Given, Step
from prudent_agents.planning.conditional import left_out_of, pieces_of, without_answers
from prudent_agents.running.work import Work
from prudent_agents.tool import Effect
from prudent_agents.values import JSON, in_words

_SHOWN = 120
"""Characters of a result that is shown in brackets, and of one argument."""
_SHOWN_IN_ALL = 400
_MOST_ITEMS = 5
"""Calls of one step that are told one by one."""
_ASKS = re.compile(r"[?？]|\btell me\b|告诉我", re.IGNORECASE)
_SENTENCE = re.compile(r"(?=\S+\s+\S+\s+\S)[^\n]{1,300}[.!]|(?=[^\n]*[\u3400-\u9fff]{4})[^\n]{1,300}[。！]")
_QUOTED_FROM = 3
"""Words from which on an argument stands in quotation marks."""
_DONE = ("Done: {what}{came}\n", "已完成：{what}{came}\n")
_MORE = ("Done: {count} more of them.\n", "另外还完成了 {count} 项。\n")
_UNDONE = (
    ("Not done: {what}. The condition was not met: {why}.\n", "Not done: {what}. This holds: {why}.\n"),
    ("未执行：{what}。条件不满足：{why}。\n", "未执行：{what}。因为：{why}。\n"),
)
"""In English and in Chinese; where something holds that was not to, last."""


def reported(work: Work, goal: str) -> tuple[str, str, list[str]]:
    """What the run has written, in words; what of the goal is left to be answered; from which steps.

    What only served a write is not answered again, unless the goal asks something. No steps: from all.
    """
    plan, results = work.state.plan, work.state.results
    steps = [] if plan is None else [step for step in plan.steps if step.id in results]
    written = [step for step in steps if work.effect(step) is not Effect.READ]
    chinese = IDEOGRAPHS.search(goal) is not None
    undone, asks = _undone(work, chinese), _ASKS.search(without_answers(goal)) is not None
    undone += "".join(f"{one}\n" for one in left_out_of(goal))
    if not written:
        return undone, "" if undone and not asks else goal, []
    lines = [line for step in written for line in _done(work, step, chinese)]
    served = {name for step in written for name in step.inputs}
    left = [step for step in steps if step not in written and step.id not in served]
    told = "".join([*lines, undone])
    if not left and asks:
        return told, _questions(goal), []
    asked = " ".join(dict.fromkeys(step.about for step in left))
    return told, asked, [step.id for step in left]


def _questions(goal: str) -> str:
    """What of a goal is no condition and what is to be done under it."""
    return " ".join(one for one in pieces_of(without_answers(goal)) if isinstance(one, str)) or goal


def _done(work: Work, step: Step, chinese: bool) -> Iterator[str]:
    """A line for each call that a step made: what the tool says of it, or else the call."""
    made = [(item, one) for (name, item), one in work.state.intents.items() if name == step.id]
    whole = work.state.results[step.id].data
    for item, intended in made[:_MOST_ITEMS]:
        data = _result(whole, item)
        if isinstance(data, str) and _SENTENCE.fullmatch(data.strip()) and chinese is _is_chinese(data):
            yield _DONE[chinese].format(what=data.strip(), came="")
            continue
        given = {name: one.data for name, one in intended.arguments.items()}
        new = _beside(data, given)
        yield _DONE[chinese].format(what=_call(intended.tool, given), came=_came_to(new))
    if len(made) > _MOST_ITEMS:
        yield _MORE[chinese].format(count=len(made) - _MOST_ITEMS)


def _result(whole: JSON, item: int | None) -> JSON:
    """What one call came to, of all that its step did."""
    if item is None or not isinstance(whole, list):
        return whole
    every = cast("list[JSON]", whole)
    return every[item] if item < len(every) else None


def _is_chinese(text: str) -> bool:
    return IDEOGRAPHS.search(text) is not None


def _call(tool: str, given: Mapping[str, JSON]) -> str:
    """A call in words: `order: article desk lamp, quantity 2`."""
    shown = {name: _argument(one) for name, one in given.items() if one is not None}
    said = in_words(shown, characters=_SHOWN_IN_ALL)
    spoken = tool.replace("_", " ").replace(".", " ")
    return f"{spoken}: {said}" if said else spoken


def _argument(value: JSON) -> JSON:
    if not isinstance(value, str):
        return in_words(value, characters=_SHOWN) if isinstance(value, dict | list) else value
    text = in_words(" ".join(value.split()), characters=_SHOWN)
    long = len(text.split()) >= _QUOTED_FROM or len(IDEOGRAPHS.findall(text)) > 2 * _QUOTED_FROM
    return f"“{text}”" if long else text


def _beside(data: JSON, given: Mapping[str, JSON]) -> JSON:
    """What a result says that the call did not."""
    if not isinstance(data, dict):
        return None if data in given.values() else data
    record = cast("dict[str, JSON]", data)
    return {name: one for name, one in record.items() if name not in given or given[name] != one}


def _undone(work: Work, chinese: bool) -> str:
    """What was left out because a condition does not hold, and what decided it: a line for each."""
    plan, lines = work.state.plan, list[str]()
    for step in () if plan is None else plan.steps:
        when = step.when if step.id in work.state.skipped else None
        if when is None or not isinstance(when.right, Given) or when.left.step not in work.state.results:
            continue
        why = f"{when.right.value}{_came_to(work.state.results[when.left.step].data)}"
        form = _UNDONE[chinese][when.op == "says not"]
        lines.append(form.format(what=step.about or step.tool, why=why))
    return "".join(lines)


def _came_to(data: JSON) -> str:
    said = "" if isinstance(data, bool) else in_words(data, characters=_SHOWN)
    return f" ({said})" if said else ""
