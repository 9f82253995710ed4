"""Whether a value is spoken of in a text: what was asked for, and not what a small model likes to add.

Pure functions over text. Words are compared by their first letters, numbers by value, Chinese by pairs of
characters. Beyond figures and spellings it understands English (see `english`) and Chinese numbers (see
`chinese`); of other languages it finds what is spelled the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, cast

from prudent.capabilities.tools.chinese import HAN, spoken_numbers
from prudent.capabilities.tools.english import FUNCTION_WORDS, MONTHS, PERIODS, SCALES, SPOKEN, TELLING, TENS

_WORD = re.compile(rf"\d+(?:\.\d+)?|[{HAN}]+|[^\W\d_{HAN}]+")
_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|(?<![A-Za-z0-9_.])\.\d+",
)
_GLUED = re.compile(r"\d+(?:\.\d+)?(?=[a-zA-Z_])|(?<=[a-zA-Z_(])\d+(?:\.\d+)?")
_SCALE = re.compile(
    r"\s*-?\s*(?:(percent(?!age)|per cent|%)"
    r"|(hundred|thousand|million|billion|trillion|dozen|mn|bn|[kMB])(?!\w))"
)
_STEM = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a text: its figures, the word that scales it, whether it is a percentage."""

    value: float
    scale: float = 1.0
    percent: bool = False

    @property
    def scaled(self) -> float:
        """With the word that scales it."""
        return _rounded(self.value * self.scale)

    @property
    def fraction(self) -> float:
        """A percentage as a part of 1; else the number itself."""
        return _rounded(self.value / 100) if self.percent else self.value


@dataclass(frozen=True)
class Evidence:
    """A text that values are looked for in."""

    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words, stemmed, months also as numbers."""
        found = set(words(self.text))
        for number, month in enumerate(MONTHS, start=1):
            if stem(month) in found or month[:3] in found:
                found.add(str(number))
        return frozenset(found)

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Every number in it, in order, as it is meant."""
        matches = list(_NUMBER.finditer(self.text))
        found = [self._figure(match) for match in matches]
        known = {place for match in matches for place in range(*match.span())}
        glued = (match for match in _GLUED.finditer(self.text) if match.start() not in known)
        found += [Figure(float(match.group())) for match in glued]
        spoken = re.findall(r"[a-z]+", self.text.lower())
        for word, following in pairwise([*spoken, ""]):
            found += _spoken(word, following)
        found += map(Figure, spoken_numbers(self.text))
        return tuple(dict.fromkeys(found))

    def _figure(self, match: re.Match[str]) -> Figure:
        value = float(match.group().replace(",", ""))
        scale = _SCALE.match(self.text, match.end())
        if scale is None:
            return Figure(value)
        return Figure(value, percent=True) if scale.group(1) else Figure(value, scale=SCALES[scale.group(2)])

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number in it, and what those with a percent sign or a word like million come to."""
        return frozenset(v for figure in self.figures for v in (figure.value, figure.scaled, figure.fraction))

    def numbers_for(self, kind: str, about: str) -> tuple[float, ...]:
        """The numbers that an argument of this type and description may take, as its author counts.

        A percentage is a fraction to a `number` and itself to an `integer`; 3 million is 3,000,000. Where the
        description itself speaks of percent or millions, both are possible.
        """
        lowered = about.lower()
        percentages = "percent" in lowered or "%" in lowered
        scaled = any(word in lowered for word in ("thousand", "million", "billion"))
        found: list[float] = []
        for figure in self.figures:
            if figure.percent:
                if percentages or kind == "integer":
                    found.append(figure.value)
                if kind != "integer":
                    found.append(figure.fraction)
            else:
                found.append(figure.scaled)
                if scaled:
                    found.append(figure.value)
        return tuple(dict.fromkeys(found))

    def as_meant(self, value: Any, kind: str, about: str) -> Any:
        """The number that a bare figure stands for: 0.07 for the 7 of `7%`, 3,000,000 for 3 of `3 million`.

        Anything else as it is.
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if any(_same(float(value), number) for number in self.numbers_for(kind, about)):
            return value
        for figure in self.figures:
            if _same(float(value), figure.value):
                meant = figure.fraction if figure.percent else figure.scaled
                return int(meant) if kind == "integer" and meant.is_integer() else meant
        return value

    def grounded(self, value: Any) -> float:
        """The share (0-1) of a JSON value that the text speaks of; of an empty one nothing is."""
        if isinstance(value, bool) or value is None:
            return 0.0
        if isinstance(value, int | float):
            return 1.0 if any(_same(float(value), number) for number in self.numbers) else 0.0
        if isinstance(value, str):
            spelled = words(value)
            if not spelled or is_han(value):
                return 1.0 if value and value in self.text else self._share(spelled)
            return self._share(spelled)
        shares = [self.grounded(leaf) for leaf in leaves(value)]
        return sum(shares) / len(shares) if shares else 0.0

    def _share(self, spelled: list[str]) -> float:
        return sum(word in self.words for word in spelled) / len(spelled) if spelled else 0.0

    def could_tell(self, value: Any) -> bool:
        """Whether the text, if it spoke of the value, would show it.

        Booleans and nulls are not spelled out; a Chinese request for Beijing has another name for it.
        """
        told = [leaf for leaf in leaves(value) if not isinstance(leaf, bool) and leaf is not None]
        foreign = is_han(self.text) and not any(is_han(str(leaf)) for leaf in told)
        return bool(told) and not (foreign and any(_LATIN.search(str(leaf)) for leaf in told))

    @cached_property
    def is_english(self) -> bool:
        """Whether it has small words of English: then what it leaves unsaid says something as well."""
        return bool(self.words & TELLING)

    def mentions(self, description: str) -> float:
        """The share (0-1) of a description's telling words that occur."""
        telling = {word for word in words(description) if word not in FUNCTION_WORDS}
        return sum(word in self.words for word in telling) / len(telling) if telling else 0.0


def is_han(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return _HAN.search(text) is not None


def words(text: str) -> list[str]:
    """The words of a text, stemmed, in lower case; camelCase and snake_case count as several.

    Chinese is not divided by spaces: every pair of neighbouring characters counts as a word.
    """
    found: list[str] = []
    for word in _WORD.findall(_CAMEL.sub(" ", text).lower()):
        if len(word) > 2 and is_han(word):
            found += [word[place : place + 2] for place in range(len(word) - 1)]
        else:
            found.append(stem(word))
    return found


def stem(word: str) -> str:
    """A crude stem: the first letters of a word, all of a number."""
    if word[:1].isdigit():
        return (word.lstrip("0") or "0") if "." not in word else word
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


def _spoken(word: str, following: str) -> Iterable[Figure]:
    """Numbers in words: `two`, `twenty one`, `five hundred`, `week` for 7 days."""
    if word in PERIODS:
        yield Figure(PERIODS[word])
    value = 1.0 if word == "a" and following in SCALES else SPOKEN.get(word)
    if value is None:
        return
    yield Figure(value)
    if word in TENS and 0 < SPOKEN.get(following, 0.0) < 10:
        yield Figure(value + SPOKEN[following])
    if following in SCALES and value < 100:
        yield Figure(value, scale=SCALES[following])
    if following == "percent":
        yield Figure(value, percent=True)


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
