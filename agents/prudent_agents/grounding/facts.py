"""What is a fact, and whether a text says it: numbers, dates, addresses, words. Knows no step."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from prudent_agents.values import JSON

SUMS = frozenset(("expression", "formula"))
"""Names of arguments that are a sum to be worked out."""
_WORD = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DOTTED = re.compile(r"[.@-]\w")
_FACT = re.compile(r"(?=[.,:/+-]*\d)[\d.,:/+-]+|(?=\S[^\s@]*@\S)\S+|\[[A-Z]+_\d+\]|\d{4}-\d\d-\d\d[T ].*")
"""Numbers, dates, times, addresses, and what the checks put in the place of an address that was made up."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
_ISO_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?")
_DIGITS_OF_A_YEAR = 4
_TIME = re.compile(r"\d\d:\d\d(?::00)?")
_AFTERNOON = re.compile(r"\d\s*(?:pm|p\.m\.)|下午|晚上", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b",
    re.IGNORECASE,
)
_SAID = (
    "one 一,two both pair pairs couple couples half halves twice 二 两 半 双,three 三,four 四,five 五,six 六"
    ",seven 七,eight 八,nine 九,ten 十,eleven 十一,twelve dozen dozens 十二"
)
_NUMBER_WORDS = {
    word: number for number, words in enumerate(_SAID.split(","), start=1) for word in words.split()
}
"""Words that say a number, also as what something is multiplied or divided by."""
_NUMBER_WORD = re.compile(
    "|".join(
        rf"\b{word}\b" if word.isascii() else word for word in sorted(_NUMBER_WORDS, key=len, reverse=True)
    ),
    re.IGNORECASE,
)


def is_fact(data: JSON) -> bool:
    """Whether a value is a number, a date or an address: true or false, and not a matter of words."""
    if isinstance(data, bool) or data is None:
        return False
    return isinstance(data, int | float) or (isinstance(data, str) and bool(_FACT.fullmatch(data.strip())))


def numbers(text: str) -> list[str]:
    """The numbers in a text as digits, those that words say among them; of `12.11.2026` and `1.2.3` each."""
    written = (one.replace(",", "") for one in _NUMBER.findall(text))
    digits = (part for one in written for part in (one.split(".") if one.count(".") > 1 else [one]))
    return [*digits, *(str(_NUMBER_WORDS[one.casefold()]) for one in _NUMBER_WORD.findall(text))]


def stated(data: JSON, text: str) -> bool:
    """Whether a value stands in a text as it is: a number as a number, words as words."""
    if isinstance(data, bool) or data is None:
        return False
    if isinstance(data, int | float):
        return any(_equal(one, data) for one in numbers(text))
    if isinstance(data, str):
        return (bool(data.strip()) and _plain(data) in _plain(text)) or _said_otherwise(data, text)
    if isinstance(data, list):
        items = cast("list[Any]", data)
        return bool(items) and all(stated(one, text) for one in items)
    return False


def _said_otherwise(data: str, text: str) -> bool:
    """Whether a text says a date or a time of day in another form: `March 9, 2026`, `5 pm`, `3月9日`."""
    date, between, time = data.replace("T", " ").partition(" ")
    if between and _ISO_DATE.fullmatch(date) and _TIME.fullmatch(time):
        return _said_otherwise(date, text) and _said_otherwise(time, text)
    if not (_ISO_DATE.fullmatch(data) or _TIME.fullmatch(data)):
        return False
    short = (one.lstrip("-") for one in numbers(text))
    written = {int(one) for one in short if one.isdigit() and len(one) <= _DIGITS_OF_A_YEAR}
    if _ISO_DATE.fullmatch(data):
        months = {_MONTHS.index(one[:3].casefold()) + 1 for one in _MONTH.findall(text)}
        year, month, *day = map(int, data.split("-"))
        return year in written and month in written | months and written.issuperset(day)
    if _TIME.fullmatch(data):
        hour, minute = map(int, data.split(":")[:2])
        after_noon = {one + 12 for one in written if one < 12} if _AFTERNOON.search(text) else set[int]()
        return hour in written | after_noon and minute in written | {0}
    return False


def verbatim(data: JSON, text: str) -> bool:
    """Whether a value stands in a text by itself, and not only as a piece of a longer word or address."""
    if isinstance(data, list):
        items = cast("list[Any]", data)
        return bool(items) and all(verbatim(one, text) for one in items)
    if not isinstance(data, str):
        return stated(data, text)
    wanted, plain = _plain(data), _plain(text)
    begin = plain.find(wanted) if wanted else -1
    while begin >= 0:
        end = begin + len(wanted)
        if _apart(plain, begin, end):
            return True
        begin = plain.find(wanted, end)
    return False


def _apart(text: str, begin: int, end: int) -> bool:
    """Whether these characters begin and end where a word does; scripts without spaces have no such place."""
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
