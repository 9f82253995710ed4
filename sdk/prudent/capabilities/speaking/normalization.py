"""A text as it is written to the words that are said: `spoken("It costs $5.")`. English only; knows no
phonemes.

The order matters: what is markup goes first, then what holds dots and digits (addresses, dates, phone
numbers), then quantities, and last the signs that are left.
"""

from __future__ import annotations

import re

from prudent.capabilities.speaking.addresses import say_addresses, say_phone_numbers
from prudent.capabilities.speaking.calendar import CALENDAR
from prudent.capabilities.speaking.quantities import QUANTITIES
from prudent.capabilities.speaking.rules import apply
from prudent.capabilities.speaking.signs import ABBREVIATIONS, MARKUP, SIGNS, without_the_unheard

_SPACES = re.compile(r"[^\S\n]+")
_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?](?:\s|$))")
_NARROW = {"½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅛": " 1/8", "\u2009": " "}
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"'}
_WIDE = str.maketrans(_NARROW | _QUOTES)


def spoken(text: str) -> str:
    """The words, with the punctuation that a voice hears and the line breaks that were there."""
    text = apply(MARKUP, without_the_unheard(text).translate(_WIDE))
    text = say_addresses(text)
    text = apply(ABBREVIATIONS, apply(CALENDAR, text))
    text = apply(QUANTITIES, say_phone_numbers(text))
    text = _SPACES.sub(" ", apply(SIGNS, text))
    return "\n".join(_BEFORE_MARK.sub("", line).strip() for line in text.split("\n")).strip()
