"""English words that stand for numbers, months and little: what `grounding` knows of a language."""

from __future__ import annotations

import itertools

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]

TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

SPOKEN: dict[str, float] = {
    **dict(zip(_ONES, itertools.count(0.0), strict=False)),
    **dict(zip(TENS, itertools.count(20.0, 10.0), strict=False)),
    **dict(zip(_ORDINALS, itertools.count(1.0), strict=False)),
    "once": 1.0, "single": 1.0, "twice": 2.0, "double": 2.0, "pair": 2.0, "couple": 2.0, "half": 0.5,
    "quarter": 0.25, "dozen": 12.0,
}  # fmt: skip

SCALES: dict[str, float] = {
    "dozen": 12.0, "hundred": 1e2, "k": 1e3, "thousand": 1e3, "M": 1e6, "mn": 1e6, "million": 1e6, "B": 1e9,
    "bn": 1e9, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip

PERIODS: dict[str, float] = {
    "week": 7.0, "fortnight": 14.0, "month": 30.0, "daily": 365.0, "weekly": 52.0, "monthly": 12.0,
    "quarterly": 4.0, "semiannually": 2.0, "biannually": 2.0, "annually": 1.0, "yearly": 1.0,
}  # fmt: skip
"""Days in a period, and how often in a year."""

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip

# fmt: off
TELLING = frozenset(
    {
        "the", "what", "how", "which", "and", "with", "for", "from", "find", "this", "that", "who", "where",
        "are", "you", "my", "pleas", "give", "show", "would", "could", "about", "does", "when", "many",
        "much", "why",
    }
)
# fmt: on
"""Small words that hardly any other language has."""

# fmt: off
FUNCTION_WORDS = frozenset(
    {
        "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "default", "do", "does", "each",
        "for", "from", "get", "given", "how", "if", "in", "is", "it", "list", "may", "must", "name", "no",
        "not", "of", "on", "or", "set", "speci", "strin", "that", "the", "this", "to", "type", "use", "used",
        "using", "value", "what", "when", "where", "which", "who", "whose", "will", "with",
    }
)
# fmt: on
"""Stems that say nothing of what is asked for."""
