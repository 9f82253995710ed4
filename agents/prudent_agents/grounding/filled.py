"""Facts that a model filled in, held against what is known: copied or computed from it, or else replaced.

Small models write a date or a number that they have seen somewhere instead of the one that is there. Asks no
model, knows no step.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast

from prudent_agents.grounding.facts import is_fact, stated
from prudent_agents.values import JSON

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_MARK = re.compile(r"(?=\D*\d)\S+|(?=\S[^\s@]*@\S)\S+|\[[A-Z]+_\d+\]")
"""A number or an address that stands for something, or what the checks put in its place."""
_OF_A_KIND = (
    re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)"),
    re.compile(r"(?<!\d)\d{1,2}:\d\d(?!\d)"),
    re.compile(r"\S+@\S+|\[[A-Z]+_\d+\]"),
)
"""Dates, times, and addresses or what the checks put in their place."""
_NEAR_DAYS = 31
"""A date so near to a known one may be meant: tomorrow, in two weeks."""
_CLOSE = 1e-6
_MOST_WRITTEN = 200
"""Numbers of texts that one is taken to be computed with."""


def candidates(value: JSON, goal: str, known: Sequence[JSON], *, stands_for: bool = False) -> list[JSON]:
    """What is known and may stand in the place of a fact that is neither there nor computed from there.

    Empty where the value is fine, or where nothing of its kind is known. `stands_for`: it is the number or
    the address of something, of whatever form.
    """
    every = list(dict.fromkeys(leaf for one in known for leaf in _leaves(one)))
    if stands_for:
        marks = [leaf for leaf in every if isinstance(leaf, str) and _MARK.fullmatch(leaf)]
        said = isinstance(value, str) and _MARK.fullmatch(value) and stated(value, goal)
        return [] if said or value in marks else marks
    texts = [leaf for leaf in every if isinstance(leaf, str)]
    if not is_fact(value) or any(stated(value, text) for text in (goal, *texts)):
        return []
    leaves = [leaf for leaf in every if is_fact(leaf)]
    alike = [leaf for leaf in leaves if _kind(leaf) == _kind(value)]
    if not alike or any(_equal(value, leaf) for leaf in alike) or _derived(value, alike, [goal, *texts]):
        return []
    return alike


def nobody_said(value: JSON, goal: str, known: Sequence[JSON]) -> bool:
    """Whether a value is a date, a time or an address, and nothing of its kind was said or found."""
    kind = next((one for one in _OF_A_KIND if isinstance(value, str) and one.match(value)), None)
    texts = [goal, *(str(leaf) for one in known for leaf in _leaves(one))]
    return kind is not None and not any(kind.search(text) or stated(value, text) for text in texts)


def _leaves(data: JSON) -> Iterator[Any]:
    if isinstance(data, Mapping):
        for one in cast("Mapping[str, Any]", data).values():
            yield from _leaves(one)
    elif isinstance(data, list):
        for one in cast("list[Any]", data):
            yield from _leaves(one)
    elif data is not None:
        yield data


def _kind(value: Any) -> str:
    """Facts of one form: digits and letters do not count, their arrangement does."""
    if isinstance(value, int | float):
        return "number"
    text = str(value)
    return "address" if "@" in text or re.fullmatch(r"\[[A-Z]+_\d+\]", text) else re.sub(r"\d+", "0", text)


def _equal(value: Any, leaf: Any) -> bool:
    if isinstance(value, int | float) and isinstance(leaf, int | float):
        return abs(value - leaf) <= _CLOSE
    return value == leaf


def _derived(value: Any, leaves: Sequence[Any], texts: Sequence[str]) -> bool:
    """Whether a number is one operation away from a known one, or a date a few days."""
    if isinstance(value, int | float):
        written = (one for text in texts for one in _NUMBER.findall(text))
        numbers = [float(one) for one in islice(written, _MOST_WRITTEN)]
        numbers += [float(leaf) for leaf in leaves]
        results = [
            r for a in leaves for b in numbers for r in (a + b, a - b, b - a, a * b, a / b if b else a)
        ]
        return any(abs(value - result) <= _CLOSE for result in results if result not in leaves)
    days = [_date(one) for one in (value, *leaves)]
    first = days[0]
    return first is not None and any(
        day is not None and abs((first - day).days) <= _NEAR_DAYS for day in days[1:]
    )


def _date(text: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
