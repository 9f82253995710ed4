"""What can be said of results exactly and without a model: how many, which ones, their average.

Small models guess a count, leave out an item, and add up where an average is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from prudent.types.content import Source
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.labels import join
from prudent_agents.running.summing import Known
from prudent_agents.values import JSON, Value

_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|(?:多少|几)[个场条件项次人封位种张本份]", re.IGNORECASE)
_WHICH_THERE_ARE = re.compile(
    r"\bwhat (?:do|does|did) (?:i|we|he|she|they|[A-Z]\w+) have\b|\bwhat(?:'s| is| are) (?:there|on|in)\b"
    r"|\bwhich \w+ (?:are there|do (?:i|we) have)\b|^\s*(?:please )?(?:list|show(?: me)?)\b"
    r"|有(?:什么|哪些)|列出",
    re.IGNORECASE,
)
_AVERAGE = re.compile(r"\baverage\b|\bmean\b(?! by)|平均", re.IGNORECASE)
_LONGEST_ITEM, _MOST_ITEMS = 80, 12


def counted(goal: str, known: Sequence[Known]) -> Known | None:
    """How long the list is that was read, where that is what the goal asks; None where it is not."""
    items = _only_list(known) if _HOW_MANY.search(goal) else None
    if items is None:
        return None
    _, value, source = known[0]
    return "counted, there are", Value(data=len(items), label=value.label), source


def listed(goal: str, known: Sequence[Known]) -> str | None:
    """The items of the list that was read, where the goal asks what there is; None where it does not."""
    items = _only_list(known) if _WHICH_THERE_ARE.search(goal) and not _HOW_MANY.search(goal) else None
    if items is None or len(items) > _MOST_ITEMS:
        return None
    texts = [one for one in items if isinstance(one, str) and 0 < len(one) <= _LONGEST_ITEM]
    if len(texts) != len(items):
        return None
    chinese = IDEOGRAPHS.search(goal) is not None
    if not texts:
        return "没有。" if chinese else "Nothing."
    return ("；".join(texts) + "。") if chinese else ("; ".join(texts) + ".")


def averaged(goal: str, known: Sequence[Known]) -> Known | None:
    """The average of the numbers that were read, where the goal asks for it and each result is one."""
    found = [value.data for _, value, _ in known]
    numbers = [one for one in found if isinstance(one, int | float) and not isinstance(one, bool)]
    if not _AVERAGE.search(goal) or len(numbers) < 2 or len(numbers) != len(found):
        return None
    average = round(sum(numbers) / len(numbers), 6)
    label = join(one.label for _, one, _ in known)
    return "their average, worked out", Value(data=average, label=label), Source.TOOL


def _only_list(known: Sequence[Known]) -> list[JSON] | None:
    """The list that is all that was read. Passages of documents are no answer by themselves."""
    if len(known) != 1 or known[0][2] is Source.DOCUMENT or not isinstance(known[0][1].data, list):
        return None
    return cast("list[JSON]", known[0][1].data)
