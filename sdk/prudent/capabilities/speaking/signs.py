"""What has no sound or another one than its letters: markup, emoji, signs, abbreviations. Knows no
numbers."""

from __future__ import annotations

import re
import unicodedata

from prudent.capabilities.speaking.rules import Rule

_TITLES = {
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Dr": "Doctor",
    "Prof": "Professor",
    "Sr": "Senior",
    "Jr": "Junior",
    "St": "Saint",
    "Gen": "General",
    "Capt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Rev": "Reverend",
    "Hon": "Honorable",
    "Sen": "Senator",
    "Rep": "Representative",
    "Gov": "Governor",
}
_SHORT = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "approx.": "approximately",
    "dept.": "department",
    "est.": "established",
    "a.k.a.": "also known as",
    "w/o": "without",
    "w/": "with",
    "Inc.": "Incorporated",
    "Ltd.": "Limited",
    "Corp.": "Corporation",
    "Ave.": "Avenue",
    "Blvd.": "Boulevard",
    "Rd.": "Road",
}
_AT_ENDS = {"etc.", "Inc.", "Ltd.", "Corp.", "Ave.", "Blvd.", "Rd."}
"""Those whose dot may end a sentence as well."""

_NAMED = {
    "&": "and",
    "+": "plus",
    "=": "equals",
    "≠": "does not equal",
    "≈": "about",
    "~": "about",
    "≤": "at most",
    "≥": "at least",
    "<": "less than",
    ">": "greater than",
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "√": "square root of",
    "∞": "infinity",
    "→": "to",
    "@": "at",
    "#": "number",
    "%": "percent",
    "°": "degrees",
    "©": "copyright",
    "®": "registered",
    "™": "trademark",
    "§": "section",
    "€": "euros",
    "£": "pounds",
    "¥": "yen",
    "$": "dollars",
    "/": "slash",
    "\\": "backslash",
    "^": "caret",
    "|": ",",
    "•": ",",
    "…": ".",
    "_": " ",
    "*": " ",
    "`": " ",
}
_GREEK = {letter: unicodedata.name(letter).split()[3].lower() for letter in "αβγδεζηθικλμνξοπρστυφχψω"} | {
    "λ": "lambda",
    "µ": "micro",
    "Δ": "delta",
    "Ω": "ohms",
    "Σ": "sigma",
    "Π": "pi",
}

MARKUP = (
    Rule(re.compile(r"^```[^\n]*$", re.MULTILINE), lambda _: ""),
    Rule(re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE), lambda _: ""),
    Rule(re.compile(r"^\s{0,8}[-*•]\s+", re.MULTILINE), lambda _: ""),
    Rule(re.compile(r"!?\[([^\]\n]{1,300})\]\([^)\s]{1,2000}\)"), lambda match: match[1]),
    Rule(re.compile(r"\*{1,3}(?=\S)([^*\n]{1,500})(?<=\S)\*{1,3}"), lambda match: match[1]),
    Rule(re.compile(r"`([^`\n]{1,500})`"), lambda match: match[1]),
)
"""Markdown, which answers of chat models are full of: the marks are dropped, the text stays."""

ABBREVIATIONS = (
    Rule(
        re.compile(rf"\b({'|'.join(_TITLES)})\.(?=\s+[A-Z])"),
        lambda match: _TITLES[match[1]],
    ),
    Rule(
        re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, _SHORT))})(?!\w)(?P<end>(?=\s+[A-Z]|\s*$))?"),
        lambda match: _SHORT[match[0]] + ("." if match[0] in _AT_ENDS and match["end"] is not None else ""),
    ),
    Rule(re.compile(r"\b(?:No|Nos)\.\s?(?=\d)"), lambda _: "number "),
    Rule(re.compile(r"(?<=\w )St\.(?!\s+[A-Z][a-z])"), lambda _: "Street"),
    Rule(re.compile(r"\b([A-G])#(?!\w)"), lambda match: f"{match[1]} sharp"),
    Rule(re.compile(r"\band/or\b"), lambda _: "and or"),
    Rule(re.compile(r"\bp\.\s?(?=\d)"), lambda _: "page "),
    Rule(re.compile(r"\bpp\.\s?(?=\d)"), lambda _: "pages "),
)

SIGNS = (
    Rule(re.compile(r"\s[–—-]\s|(?<=\w)—(?=\w)|--+"), lambda _: ", "),
    Rule(re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_])"), lambda _: " or "),
    Rule(re.compile("|".join(map(re.escape, _GREEK))), lambda match: f" {_GREEK[match[0]]} "),
    Rule(re.compile("|".join(map(re.escape, _NAMED))), lambda match: f" {_NAMED[match[0]]} "),
)

_UNHEARD = {"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk", "Mn", "Me"}
_HEARD = set(_NAMED)


def without_the_unheard(text: str) -> str:
    """The text without control characters, emoji and other pictures; line breaks and accents stay."""
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        character if _is_heard(character) else " " if unicodedata.category(character) in _SPACES else ""
        for character in kept
    )


_SPACES = {"Cc", "So", "Zs", "Zl", "Zp"}


def _is_heard(character: str) -> bool:
    return character == "\n" or character in _HEARD or unicodedata.category(character) not in _UNHEARD
