"""Whether a value is spoken of in a text: what was asked for, and not what a small model likes to add.

Pure functions over text. They know English number words and month names; for other languages they find what
is spelled the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

_WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|(?<!\w)\.\d+")
_SCALE = re.compile(
    r"\s*-?\s*(k|thousand|million|mn|billion|bn|trillion|hundred|dozen|percent|per cent|%)(?![a-z])", re.I
)

_SCALES = {
    "hundred": 1e2, "dozen": 12.0, "k": 1e3, "thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9,
    "bn": 1e9, "trillion": 1e12, "percent": 1e-2, "per cent": 1e-2, "%": 1e-2,
}  # fmt: skip
_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_SPOKEN: dict[str, float] = {
    **{word: float(value) for value, word in enumerate(_WORDS)},
    **{word: 10.0 * value for value, word in enumerate(_TENS, start=2)},
    **{word: float(value) for value, word in enumerate(_ORDINALS, start=1)},
    "once": 1.0, "twice": 2.0, "double": 2.0, "half": 0.5, "quarter": 0.25, "dozen": 12.0, "pair": 2.0,
    "couple": 2.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "single": 1.0,
}  # fmt: skip
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "is",
        "are",
        "be",
        "as",
        "that",
        "this",
        "it",
        "its",
        "if",
        "not",
        "no",
        "do",
        "does",
        "which",
        "what",
        "who",
        "whose",
        "how",
        "when",
        "where",
        "used",
        "use",
        "using",
        "given",
        "get",
        "set",
        "default",
        "optional",
        "value",
        "name",
        "type",
        "specific",
        "specify",
        "specified",
        "whether",
        "should",
        "will",
        "can",
        "may",
        "must",
        "all",
        "any",
        "each",
        "number",
        "list",
        "string",
    ]
)
_STEM = 5


@dataclass(frozen=True)
class Evidence:
    """A text that values are looked for in."""

    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words, stemmed, months also as numbers."""
        found = set(words(self.text))
        for number, month in enumerate(_MONTHS, start=1):
            if stem(month) in found or month[:3] in found:
                found.add(str(number))
        return frozenset(found)

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """Every number in it, in order: figures, number words, and figures with the word that scales them."""
        found: list[float] = []
        for match in _NUMBER.finditer(self.text):
            value = float(match.group().replace(",", ""))
            found.append(value)
            scale = _SCALE.match(self.text, match.end())
            if scale is not None:
                found.append(value * _SCALES[scale.group(1).lower()])
        for match in re.finditer(r"\d+(?:\.\d+)?(?=[a-zA-Z_])|(?<=[a-zA-Z_(])\d+(?:\.\d+)?", self.text):
            found.append(float(match.group()))
        spoken = re.findall(r"[a-z]+", self.text.lower())
        for position, word in enumerate(spoken):
            if word in _SPOKEN:
                found.append(_SPOKEN[word])
                following = spoken[position + 1] if position + 1 < len(spoken) else ""
                if word in _TENS and _SPOKEN.get(following, 99.0) < 10:
                    found.append(_SPOKEN[word] + _SPOKEN[following])
                if following in _SCALES and _SPOKEN[word] < 100:
                    found.append(_SPOKEN[word] * _SCALES[following])
        return tuple(dict.fromkeys(found))

    def grounded(self, value: Any) -> float:
        """The share (0-1) of a JSON value that the text speaks of; of an empty one nothing is."""
        if isinstance(value, bool) or value is None:
            return 0.0
        if isinstance(value, int | float):
            return 1.0 if any(_same(float(value), number) for number in self.numbers) else 0.0
        if isinstance(value, str):
            spelled = words(value)
            if not spelled:
                return 1.0 if value and value in self.text else 0.0
            return sum(word in self.words for word in spelled) / len(spelled)
        shares = [self.grounded(leaf) for leaf in leaves(value)]
        return sum(shares) / len(shares) if shares else 0.0

    def mentions(self, description: str) -> float:
        """The share (0-1) of a description's telling words that occur."""
        telling = {word for word in words(description) if word not in _FUNCTION_WORDS}
        return sum(word in self.words for word in telling) / len(telling) if telling else 0.0


def words(text: str) -> list[str]:
    """The words of a text, stemmed, in lower case; camelCase and snake_case count as several."""
    spaced = _CAMEL.sub(" ", text)
    return [stem(word) for word in _WORD.findall(spaced.lower())]


def stem(word: str) -> str:
    """A crude stem: the first letters of a word, all of a number."""
    if word[:1].isdigit():
        figures = word.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
        return figures.lstrip("0") or "0"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:_STEM]


def leaves(value: Any) -> Iterable[Any]:
    """The scalars in a JSON value."""
    if isinstance(value, dict):
        for item in cast("dict[str, Any]", value).values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from leaves(item)
    else:
        yield value


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
