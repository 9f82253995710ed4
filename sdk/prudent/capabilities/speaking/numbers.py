"""Whole numbers in English words: cardinals, ordinals, years, digits one by one. Knows no text around
them."""

from __future__ import annotations

_SMALL = [
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
_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_THOUSANDS = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

LARGEST = 1000 ** len(_THOUSANDS) - 1
"""The largest number with a name; others are said digit by digit."""


def cardinal(number: int) -> str:
    """A number from -LARGEST to LARGEST, without "and": twelve thousand three hundred forty-five."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number > LARGEST:
        return digits(str(number))
    groups: list[str] = []
    for name in _THOUSANDS:
        number, group = divmod(number, 1000)
        if group:
            groups.append(f"{_below_thousand(group)} {name}".strip())
    return " ".join(reversed(groups)) or "zero"


def ordinal(number: int) -> str:
    """The place of a number: twenty-first."""
    head, space, last = cardinal(number).rpartition(" ")
    before, hyphen, word = last.rpartition("-")
    if word in _ORDINALS:
        word = _ORDINALS[word]
    elif word.endswith("y"):
        word = f"{word[:-1]}ieth"
    else:
        word = f"{word}th"
    return f"{head}{space}{before}{hyphen}{word}"


def year(number: int) -> str:
    """A year as people say it: nineteen eighty-four, two thousand six, twenty twenty-six, nineteen oh
    five."""
    century, rest = divmod(number, 100)
    if not 1000 <= number <= 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digits(written: str) -> str:
    """Digits one by one; what is no digit is left out."""
    return " ".join(_SMALL[int(character)] for character in written if character in "0123456789")


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words.append(f"{_TENS[tens]}-{_SMALL[ones]}" if ones else _TENS[tens])
    elif rest:
        words.append(_SMALL[rest])
    return " ".join(words)
