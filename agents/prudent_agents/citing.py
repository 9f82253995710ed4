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


def _passages(results: Iterable[JSON]) -> Iterable[dict[str, Any]]:
    for data in results:
        for one in cast("list[Any]", data) if isinstance(data, list) else []:
            if isinstance(one, dict) and {"number", "text"} <= one.keys():
                yield cast("dict[str, Any]", one)
