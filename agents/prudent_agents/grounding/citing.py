"""Names the passage that an answer stands in, where the model did not: `35 euros a day [1]`. Asks no model.

A small model either answers or cites; asked for both it gives a number in brackets and nothing else. What the
answer says is looked for in the passages that it was given, so a citation is never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from prudent_agents.values import JSON

ENOUGH = 0.5
"""Share of an answer's words that a passage must hold to be named, beside all of its numbers."""
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[\u3400-\u9fff]|[^\W\d_]{3,}")
_CITED = re.compile(r"\[\d+\]")


def cited(answer: str, results: Iterable[JSON]) -> str:
    """The answer with the number of the passage that holds it, where there is one and none is named."""
    words = set(_WORD.findall(answer.casefold()))
    if not words or _CITED.search(answer):
        return answer
    best, number = 0.0, None
    for passage in _passages(results):
        held = words.intersection(_WORD.findall(str(passage["text"]).casefold()))
        numbers_held = all(word in held for word in words if word[0].isdigit())
        if numbers_held and len(held) / len(words) > best:
            best, number = len(held) / len(words), passage["number"]
    return f"{answer.rstrip()} [{number}]" if best >= ENOUGH else answer


def passages_in(results: Iterable[JSON]) -> list[dict[str, Any]]:
    """The passages in results, with their places."""
    return [one for one in _passages(results) if {"document", "start", "end"} <= one.keys()]


def _passages(results: Iterable[JSON]) -> Iterable[dict[str, Any]]:
    for data in results:
        for one in cast("list[Any]", data) if isinstance(data, list) else []:
            if isinstance(one, dict) and {"number", "text"} <= one.keys():
                yield cast("dict[str, Any]", one)


def numbers_of(data: JSON) -> set[int]:
    """The numbers of the passages in a result."""
    return {int(one["number"]) for one in _passages([data])}


def renumbered(data: JSON, used: set[int]) -> JSON:
    """Passages, from 1 on or behind those in `used`, to which their numbers are added; else what it was."""
    passages = list(_passages([data]))
    if not passages or len(passages) < len(cast("list[Any]", data)):
        return data
    if not used.isdisjoint(numbers_of(data)):
        first = max(used) + 1
        data = [{**one, "number": first + at} for at, one in enumerate(passages)]
    used |= numbers_of(data)
    return data
