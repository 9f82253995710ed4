"""Chinese characters and the numbers written in them: what `grounding` knows of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Their ranges in Unicode, for a character class of a regular expression."""

_DIGITS: dict[str, int] = {
    **{digit: value for value, digit in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2,
}  # fmt: skip
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_NUMBER = re.compile(f"[{''.join([*_DIGITS, *_SMALL, *_LARGE])}]+")


def spoken_numbers(text: str) -> Iterator[float]:
    """The numbers of a text that are written in characters: 10 of 十分钟, 2500 of 两千五百."""
    for match in _NUMBER.finditer(text):
        if match.group() not in _LARGE:
            yield float(_value(match.group()))


def _value(number: str) -> int:
    """By place where there are units (三百二十), digit by digit where there are none (二〇二六)."""
    if all(character in _DIGITS for character in number):
        return int("".join(str(_DIGITS[character]) for character in number))
    whole = part = digit = 0
    for character in number:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _SMALL:
            part += (digit or 1) * _SMALL[character]
            digit = 0
        else:
            whole = (whole + part + digit) * _LARGE[character]
            part = digit = 0
    return whole + part + digit
