"""Numbers, dates and names in a text, in a form in which two spellings of one value are equal.

English and Chinese: `1,250`, `1.25 thousand` and `1250` in Chinese numerals
are one number; `3 May 1998`, `1998-05-03` and the same in Chinese are one date. It judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from prudent_responsible_ai.text_view import canonical

FactKind: TypeAlias = Literal["number", "percent", "date", "name"]
DateValue: TypeAlias = tuple[int | None, int | None, int | None]

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"((?:1\d|20)\d\d)"
_DATES = (
    (re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?\b", re.IGNORECASE), "dmy"),
    (re.compile(rf"\b{_MONTH}\s+{_DAY}(?:\s*,?\s*{_YEAR})?\b(?!\s*:)", re.IGNORECASE), "mdy"),
    (re.compile(rf"\b{_MONTH}\s*,?\s+{_YEAR}\b", re.IGNORECASE), "my"),
    (re.compile(rf"\b{_YEAR}[-/.](\d{{1,2}})[-/.](\d{{1,2}})\b"), "ymd"),
    (re.compile(r"(?<!\d)(\d{4})\s*年\s*(?:(\d{1,2})\s*月\s*)?(?:(\d{1,2})\s*[日号])?"), "ymd"),
    (re.compile(r"(?<!\d)(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]"), "md"),
    (re.compile(rf"(?<![\d.,$£€¥]){_YEAR}(?![\d,.]*\d|\s*%|年)"), "y"),
)
_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1_000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000, "萬": 10_000, "億": 100_000_000}
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "bn": 1e9}
_SPELT_SCALES = {"hundred": 100.0, **_SCALES}
_SELDOM_NUMBERS = ("one", "second", "first")
_FEWEST_HAN_DIGITS = 2
_MOST_DIGITS = 18
_NUMBER = re.compile(
    r"(?<![\w.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:st|nd|rd|th)?"
    r"(?:\s*(thousand|million|billion|trillion|bn|k|m)\b|\s*([万亿萬億]))?"
    r"(\s*(?:%|per\s?cent\b|percent\b))?",
    re.IGNORECASE,
)
_HAN_NUMBER = re.compile(
    r"(百分之)?([零〇一二两三四五六七八九十百千万亿]+)(?:点([零〇一二三四五六七八九]+))?"
)
_HAN_PERCENT = re.compile(r"百分之(\d+(?:\.\d+)?)")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_WHOLE_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NTH = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth"
_ENGLISH = {word: value for value, word in enumerate(_UNITS.split(" "))} | {
    word: 10 * value for value, word in enumerate(_WHOLE_TENS.split(" "), 2)
}
_ORDINALS = {word: value for value, word in enumerate(_NTH.split(" "))}
_SPELT = re.compile(
    rf"\b({'|'.join([*_ENGLISH, *_ORDINALS])})(?:[- ]({'|'.join(list(_ENGLISH)[1:10])}))?"
    r"(?:\s+(hundred|thousand|million|billion))?\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Z][\w'-]*(?:\s+(?:(?:of|the|de|van|von|and)\s+)?[A-Z][\w'-]*)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\"“]\s*)\Z")
_NOT_NAMES = frozenset(
    [
        "I",
        "A",
        "An",
        "The",
        "It",
        "He",
        "She",
        "They",
        "We",
        "You",
        "This",
        "That",
        "These",
        "Those",
        "There",
        "In",
        "On",
        "At",
        "And",
        "But",
        "Or",
        "If",
    ]
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value in characters [start, end) of a text. Dates are (year, month, day), None where not said."""

    kind: FactKind
    value: float | str | DateValue
    start: int
    end: int


def facts(text: str) -> list[Fact]:
    """All values of a text in their order. A number within a date is not a number as well."""
    plain = canonical(text)
    found = list(_dates(plain))
    found += _outside(found, _numbers(plain))
    found += _outside(found, _names(plain))
    return sorted(found, key=lambda fact: fact.start)


def stated(fact: Fact, known: Sequence[Fact], text: str) -> bool:
    """Whether a value stands among the facts of a text, in this or another spelling."""
    if fact.kind == "name":
        lowered = canonical(text).lower()
        return all(part.lower() in lowered for part in str(fact.value).split())
    if isinstance(fact.value, tuple):
        return any(isinstance(one.value, tuple) and _agree(fact.value, one.value) for one in known)
    return any(_same(fact, one) for one in known)


def conflicting(fact: Fact, known: Sequence[Fact]) -> bool:
    """Whether there are values of the same kind, and none of them is this one."""
    alike = [one for one in known if one.kind == fact.kind]
    if isinstance(fact.value, tuple):
        # What says nothing of the same fields says nothing against it.
        alike = [
            one
            for one in alike
            if isinstance(one.value, tuple)
            and any(a and b for a, b in zip(fact.value, one.value, strict=True))
        ]
    return bool(alike) and not any(
        _agree(fact.value, one.value)
        if isinstance(fact.value, tuple) and isinstance(one.value, tuple)
        else _same(fact, one)
        for one in alike
    )


def _same(fact: Fact, other: Fact) -> bool:
    if isinstance(other.value, tuple):
        return isinstance(fact.value, float) and any(
            field is not None and fact.value == float(field) for field in other.value
        )
    if isinstance(fact.value, float) and isinstance(other.value, float):
        return abs(fact.value - other.value) <= 1e-9 * max(abs(fact.value), abs(other.value))
    return fact.value == other.value


def _agree(claimed: DateValue, known: DateValue) -> bool:
    """What the claim says of the date is said, or left open, by the other; the least of it is shared."""
    pairs = list(zip(claimed, known, strict=True))
    return all(a == b for a, b in pairs if a is not None and b is not None) and any(
        a is not None and a == b for a, b in pairs
    )


def _outside(taken: Sequence[Fact], found: Iterator[Fact]) -> list[Fact]:
    spans = [(one.start, one.end) for one in taken]
    return [one for one in found if not any(one.start < end and start < one.end for start, end in spans)]


def _dates(text: str) -> Iterator[Fact]:
    covered: list[tuple[int, int]] = []
    for pattern, order in _DATES:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in covered):
                continue
            value = dict(zip(order, match.groups(), strict=True))
            number = _month(value.get("m"))
            day = int(value["d"]) if value.get("d") else None
            if (number or 1) > 12 or (day or 1) > 31:
                continue
            covered.append(match.span())
            yield Fact("date", (int(value["y"]) if value.get("y") else None, number, day), *match.span())


def _month(said: str | None) -> int | None:
    if not said:
        return None
    return int(said) if said.isdigit() else _MONTHS[said[:3].lower()]


def _numbers(text: str) -> Iterator[Fact]:
    for match in _NUMBER.finditer(text):
        digits, scale, myriad, percent = match.groups()
        if len(digits) > _MOST_DIGITS:
            continue
        value = float(digits.replace(",", "")) * _SCALES.get((scale or "").lower(), 1)
        value *= _MYRIADS.get(myriad or "", 1)
        before = text[max(0, match.start() - 3) : match.start()]
        kind: FactKind = "percent" if percent or before == "百分之" else "number"
        yield Fact(kind, value, match.start(), match.end())
    yield from _spelt(text)
    for match in _HAN_NUMBER.finditer(text):
        percent, whole, part = match.groups()
        if len(whole) < _FEWEST_HAN_DIGITS and not percent and not part:
            continue
        value = han_number(whole)
        if value is None:
            continue
        if part:
            value += float("0." + "".join(str(_DIGITS[letter]) for letter in part))
        yield Fact("percent" if percent else "number", value, match.start(), match.end())


def _spelt(text: str) -> Iterator[Fact]:
    for match in _SPELT.finditer(text):
        first, second, scale = (one.lower() if one else "" for one in match.groups())
        if first in _SELDOM_NUMBERS and not scale:
            continue
        value = float(_ENGLISH.get(first, _ORDINALS.get(first, 0)) + _ENGLISH.get(second, 0))
        yield Fact("number", value * _SPELT_SCALES.get(scale, 1.0), match.start(), match.end())


def han_number(text: str) -> float | None:
    """The value of a Chinese numeral, `三千五百万` or `二〇二四`; None where it is none."""
    if all(letter in _DIGITS for letter in text):
        return float("".join(str(_DIGITS[letter]) for letter in text)) if len(text) <= _MOST_DIGITS else None
    total = part = digit = 0
    for letter in text:
        if letter in _DIGITS:
            digit = _DIGITS[letter]
        elif letter in _TENS:
            part += (digit or 1) * _TENS[letter]
            digit = 0
        else:
            total = ((total + part + digit) or 1) * _MYRIADS[letter]
            part = digit = 0
    return float(total + part + digit)


def _names(text: str) -> Iterator[Fact]:
    for match in _NAME.finditer(text):
        value = match[0]
        start = match.start()
        parts = value.split()
        if _SENTENCE_START.search(text[max(0, start - 3) : start]) and (
            len(parts) == 1 or parts[0] in _NOT_NAMES
        ):
            continue
        while parts and parts[0] in _NOT_NAMES:
            start += len(parts.pop(0)) + 1
        if parts:
            yield Fact("name", " ".join(parts), start, match.end())
