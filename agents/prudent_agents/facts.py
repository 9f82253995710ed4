"""What is a fact, and whether a text says it: numbers, dates, addresses, words. Knows no step."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from prudent_agents.values import JSON

_WORD = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DOTTED = re.compile(r"[.@-]\w")
_FACT = re.compile(r"[\d.,:/+-]*\d[\d.,:/+-]*|\S+@\S+|\[[A-Z]+_\d+\]|\d{4}-\d\d-\d\d[T ].*")
"""Numbers, dates, times, addresses, and what the checks put in the place of an address that was made up."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")


def is_fact(data: JSON) -> bool:
    """Whether a value is a number, a date or an address: true or false, and not a matter of words."""
    if isinstance(data, bool) or data is None:
        return False
    return isinstance(data, int | float) or (isinstance(data, str) and bool(_FACT.fullmatch(data.strip())))


def stated(data: JSON, text: str) -> bool:
    """Whether a value stands in a text as it is: a number as a number, words as words."""
    if isinstance(data, bool) or data is None:
        return False
    if isinstance(data, int | float):
        numbers = (one.replace(",", "") for one in _NUMBER.findall(text))
        return any(_equal(one, data) for one in numbers)
    if isinstance(data, str):
        return bool(data.strip()) and _plain(data) in _plain(text)
    if isinstance(data, list):
        items = cast("list[Any]", data)
        return bool(items) and all(stated(one, text) for one in items)
    return False


def verbatim(data: JSON, text: str) -> bool:
    """Whether a value stands in a text by itself, and not only as a piece of a longer word or address."""
    if isinstance(data, list):
        items = cast("list[Any]", data)
        return bool(items) and all(verbatim(one, text) for one in items)
    if not isinstance(data, str):
        return stated(data, text)
    wanted = _plain(data)
    found = re.finditer(re.escape(wanted), _plain(text)) if wanted else ()
    return any(_apart(one) for one in found)


def _apart(found: re.Match[str]) -> bool:
    """Whether what was found begins and ends where a word does; scripts without spaces have no such place."""
    text, begin, end = found.string, found.start(), found.end()
    before, after = text[begin - 1 : begin], text[end : end + 2]
    return not ((_runs_on(before) and _joins(text[begin])) or (_runs_on(after) and _joins(text[end - 1])))


def _runs_on(beside: str) -> bool:
    """Whether a word or an address goes on there: a full stop with something after it does."""
    return bool(_WORD.match(beside) or _DOTTED.match(beside))


def _joins(character: str) -> bool:
    return bool(_WORD.match(character))


def _equal(written: str, number: float) -> bool:
    try:
        return Decimal(written) == Decimal(str(number))
    except InvalidOperation:
        return False


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
