"""Whether a condition in words holds, by what was read: yes, no, or it cannot be told. Asks no model.

A comparison with a number is done exactly. Else a field says yes or no by its name, or a short text has a
word of the condition. Models of half a billion parameters say yes to almost everything, so none is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import cast

from prudent_agents.grounding.facts import numbers
from prudent_agents.rules import OPERATORS
from prudent_agents.values import JSON

_MOST_WORDS = 4
"""A longer text tells a story, and a word of it says little."""
_COMPARED = tuple(
    (op, re.compile(pattern, re.IGNORECASE))
    for op, pattern in (
        (
            ">=",
            r"\bat least\b|\bor (?:more|higher|above)\b|\bno (?:less|fewer) than\b|至少|不少于|不低于|或以上",
        ),
        (
            "<=",
            r"\bat most\b|\bor (?:less|fewer|lower|below)\b|\b(?:no|not) more than\b|至多|最多|不超过|不高于",
        ),
        (
            "<",
            r"\b(?:below|under)\b|\b(?:less|fewer|lower|smaller|colder|cheaper) than\b"
            r"|低于|少于|小于|不足|不到",
        ),
        (
            ">",
            r"\b(?:above|over|exceeds?)\b|\b(?:more|higher|greater|larger|warmer) than\b|高于|多于|大于|超过",
        ),
        ("==", r"\b(?:exactly|equals?)\b|\bis \d|等于|正好"),
    )
)
_NOT = re.compile(r"\bno(?:t|ne|thing)?\b|n't\b|\bout of\b|\bwithout\b|[不没无未]", re.IGNORECASE)
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]{3,}")
_COMMON = re.compile(
    r"the|and|are|was|were|has|have|had|does|did|will|would|can|its|that|this|there|they|them|then|than|not"
    r"|for|from|with|any|all|still|already|yet|now|today"
)
"""Words that tell nothing."""
_GONE = re.compile(
    r"\b(?:sold out|out of stock|used up|run out|all gone|none left|empty)\b|售罄|卖完|卖光|没货|缺货|用完",
    re.IGNORECASE,
)
_THERE = re.compile(r"\b(?:in stock|available|left)\b|有货|还有", re.IGNORECASE)
"""Words that compare a number with nought."""
_SEVERAL = re.compile(r"\b(?:and|or)\b|并且|而且|或者|以及|且|或", re.IGNORECASE)


def _comparison(condition: str) -> tuple[str, float] | None:
    """What a number must be: the condition compares with one number, and says how."""
    said = dict.fromkeys(numbers(condition))
    if not said and (gone := _GONE.search(condition) or _THERE.search(condition)):
        negated = bool(_NOT.search(condition.replace(gone[0], "")))
        return "==" if bool(_GONE.search(condition)) is not negated else ">", 0.0
    op, match = _compared(condition)
    if len(said) != 1 or match is None or _NOT.search(condition.replace(match[0], "")):
        return None
    return op, float(next(iter(said)))


def _compared(condition: str) -> tuple[str, re.Match[str] | None]:
    """How a condition compares, and the words that say so; None: it does not."""
    found = ((op, pattern.search(condition)) for op, pattern in _COMPARED)
    return next(((op, match) for op, match in found if match is not None), ("", None))


def told(condition: str, data: JSON, named: Sequence[JSON] = ()) -> bool | None:
    """Whether a condition holds, by what was read; None where that cannot be told.

    Of several conditions at once, and of a comparison that is denied, nothing is told. A comparison is of the
    one number that was read, or of the one whose field the condition speaks of. Else
    a field says yes or no, or a short text has a word of the condition. `named`: what was asked about, whose
    words tell nothing.
    """
    _, compared = _compared(condition)
    if _SEVERAL.search(condition.replace(compared[0], "") if compared else condition):
        return None
    words = _words(condition) - {word for one in named if isinstance(one, str) for word in _words(one)}
    leaves = list(_leaves(data, ""))
    comparison = _comparison(condition)
    if comparison is None and compared is not None:
        return None
    values = {(key, float(one)) for key, one in leaves if _is_number(one)}
    if comparison is not None and (values or comparison[1]):
        meant = values if len(values) == 1 else {one for one in values if _alike(_words(one[0]), words)}
        op, wanted = comparison
        return OPERATORS[op](next(iter(meant))[1], wanted) if len(meant) == 1 else None
    said = {found for key, one in leaves if (found := _said(key, one, words, condition)) is not None}
    return next(iter(said)) is not bool(_NOT.search(condition)) if len(said) == 1 else None


def _said(key: str, value: JSON, words: AbstractSet[str], condition: str) -> bool | None:
    """What one field says: yes, no, or nothing."""
    if isinstance(value, bool):
        return value if _alike(_words(key), words) else None
    if not isinstance(value, str) or len(value.split()) > _MOST_WORDS:
        return None
    own = _words(value)
    inside = bool(_IDEOGRAPHS.search(value)) and value in condition
    return not _NOT.search(value) if inside or _alike(own, words) else None


def _leaves(data: JSON, key: str) -> Iterator[tuple[str, JSON]]:
    if isinstance(data, dict):
        for name, one in cast("dict[str, JSON]", data).items():
            yield from _leaves(one, name)
    elif isinstance(data, list):
        for one in cast("list[JSON]", data):
            yield from _leaves(one, key)
    else:
        yield key, data


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.replace("_", " ").casefold()) if not _COMMON.fullmatch(word)}


def _alike(some: AbstractSet[str], others: AbstractSet[str]) -> bool:
    """Whether a word begins as one of the others does: `rain`, `rains`, `rainy`."""
    return any(one.startswith(other) or other.startswith(one) for one in some for other in others)
