"""Whether a condition in words holds, by what was read: yes, no, or it cannot be told. Asks no model.

A comparison with a number is done exactly. Else a field says yes or no by its name, or a short text has a
word of the condition. Models of half a billion parameters say yes to almost everything, so none is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from prudent_agents.grounding.comparatives import LESS, MORE
from prudent_agents.grounding.facts import numbers
from prudent_agents.grounding.measured import alike, is_number, leaves, measured, words
from prudent_agents.grounding.scripts import IDEOGRAPHS
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
            rf"\b(?:below|under)\b|\b(?:{LESS}) than\b"
            r"|低于|少于|小于|不足|不到",
        ),
        (
            ">",
            rf"\b(?:above|over|exceeds?)\b|\b(?:{MORE}) than\b|高于|多于|大于|超过",
        ),
        ("==", r"\b(?:exactly|equals?)\b|\bis \d|等于|正好"),
    )
)
_NOT = re.compile(r"\bno(?:t|ne|thing)?\b|n't\b|\bout of\b|\bwithout\b|[不没无未]", re.IGNORECASE)
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
    about = words(condition) - {word for one in named if isinstance(one, str) for word in words(one)}
    read = list(leaves(data))
    comparison = _comparison(condition)
    if comparison is None and compared is not None:
        return None
    if comparison is not None and (comparison[1] or any(is_number(one) for _, one in read)):
        op, wanted = comparison
        value = measured(data, about)
        return None if value is None else OPERATORS[op](value, wanted)
    said = {found for key, one in read if (found := _said(key, one, about, condition)) is not None}
    return next(iter(said)) is not bool(_NOT.search(condition)) if len(said) == 1 else None


def _said(key: str, value: JSON, about: AbstractSet[str], condition: str) -> bool | None:
    """What one field says: yes, no, or nothing."""
    if isinstance(value, bool):
        return value if alike(words(key), about) else None
    if not isinstance(value, str) or len(value.split()) > _MOST_WORDS:
        return None
    own = words(value)
    inside = bool(IDEOGRAPHS.search(value)) and value in condition
    return not _NOT.search(value) if inside or alike(own, about) else None
