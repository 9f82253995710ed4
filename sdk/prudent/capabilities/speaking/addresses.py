"""Addresses of the web and of mail, and phone numbers, as they are said in English. Knows no other words."""

from __future__ import annotations

import re
from typing import Any, cast

import phonenumbers

from prudent.capabilities.speaking.numbers import digits
from prudent.capabilities.speaking.rules import Rule, apply
from prudent.forking import unforked

_phonenumbers = cast("Any", phonenumbers)

_SIGNS = {
    ".": "dot",
    "/": "slash",
    "-": "dash",
    "_": "underscore",
    "@": "at",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    ":": "colon",
    "~": "tilde",
    "%": "percent",
    "+": "plus",
}
_ENDINGS = r"com|org|net|edu|gov|io|ai|dev|info|co|uk|us|de|eu|cn|app|me"
_PIECES = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_LONGEST_PATH = 60
"""Characters of an address that are worth saying; a longer one is named by its host."""

_REGION = "US"


def spelled(address: str) -> str:
    """Words, digits and signs by name."""
    said: list[str] = []
    for piece in _PIECES.findall(address):
        if piece.isascii() and piece.isdigit():
            said.append(digits(piece))
        elif piece.isalnum():
            said.append(piece)
        elif piece in _SIGNS:
            said.append(_SIGNS[piece])
    return " ".join(said)


def _web(match: re.Match[str]) -> str:
    address = re.sub(r"^(?:https?|ftp)://", "", match["address"], flags=re.IGNORECASE)
    address = re.sub(r"^www\.", "", address, flags=re.IGNORECASE)
    ending = re.search(r"[.,;:!?)]+$", address)
    rest = ending[0] if ending else ""
    address = address.removesuffix(rest).rstrip("/")
    if len(address) > _LONGEST_PATH:
        address = address.partition("/")[0][:_LONGEST_PATH]
    return f" {spelled(address)} {rest}"


def say_phone_numbers(text: str) -> str:
    """Phone numbers digit by digit, in their groups."""
    said: list[str] = []
    end = 0
    with unforked():  # the library holds a lock while it loads a region
        matches = list(_phonenumbers.PhoneNumberMatcher(text, _REGION))
    for match in matches:
        raw: str = match.raw_string
        groups = [digits(group) for group in re.findall(r"\d+", raw)]
        plus = "plus " if raw.startswith("+") else ""
        said += [text[end : match.start], plus, ", ".join(groups)]
        end = match.end
    return "".join([*said, text[end:]])


def say_addresses(text: str) -> str:
    """Addresses by name."""
    return apply(ADDRESSES, text)


ADDRESSES = (
    Rule(
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
        lambda match: f" {spelled(match[0])} ",
    ),
    Rule(re.compile(r"(?P<address>\b(?:(?:https?|ftp)://|www\.)[^\s<>\"]+)", re.IGNORECASE), _web),
    Rule(
        re.compile(
            rf"(?<![\w.@-])(?P<address>(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_ENDINGS})\b(?:/[^\s<>\"]*)?)",
            re.IGNORECASE,
        ),
        _web,
    ),
)
"""Applied in this order: mail before hosts."""
