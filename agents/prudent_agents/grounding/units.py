"""Numbers that a text says with the word for what they count: `for 3 hours` is a call's `hours`.

Small models take a number from somewhere else in the text, such as the year of a date.
"""

from __future__ import annotations

import re

from prudent_agents.grounding.facts import numbers
from prudent_agents.grounding.stems import stems

_COUNTED = re.compile(r"(?<![\w.,/:-])(\d+(?:\.\d+)?|[a-z]{3,6})(?=[ -]([a-z]{3,})(?![\w-]))", re.IGNORECASE)
_NOT_COUNTED = r"(?!(?:for|on|at|in|and|or|to|from|by|with|the|of|is|are|was|please|now|today)\b)"
_TEXT_NUMBER = re.compile(r"\d+")


def counted_as(name: str, text: str) -> float | None:
    """The one number in a text that stands before a word of an argument's name; None where there is none."""
    found: set[float] = set()
    for written, word in _COUNTED.findall(text):
        if stems(word) & stems(name):
            found |= {float(one) for one in numbers(written)}
    return found.pop() if len(found) == 1 else None


def counts_others(value: str, name: str, text: str) -> bool:
    """Whether digits in a text count something else than what an argument is: the 10 of `for 10 people`."""
    if not _TEXT_NUMBER.fullmatch(value):
        return False
    after = re.findall(rf"(?<![\w.,/:-]){value}\s{_NOT_COUNTED}([a-z]{{3,}})", text, re.IGNORECASE)
    stands = re.findall(rf"(?<![\w.,/:-]){value}(?![\w-])", text)
    return bool(after) and len(after) == len(stands) and not any(stems(one) & stems(name) for one in after)
