"""Tells random-looking strings from words and code. Knows no format of any secret."""

from __future__ import annotations

import re
from collections import Counter
from math import log2

_PLACEHOLDER = re.compile(
    r"[\[<{$%(*]|x{3,}|\.{3}|\*{3}|your|example|changeme|placeholder|redacted|dummy|sample|insert|replace|todo"
    r"|none$|null$|true$|false$|undefined$|process\.env|os\.environ|getenv|env\(|config[.\[(]|settings[.\[(]",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"[\[<{][A-Za-z]")
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)*[\[(]|[A-Za-z_][\w]*(?:(?:\.|::|->)[A-Za-z_]\w*)+\W*$|/|[\w.]+="
)
_WORDS = re.compile(
    r"[a-z]+(?:[_\-][a-z]+)*\d{0,2}$|[A-Z]+(?:[_\-][A-Z]+)*\d{0,2}$|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*$"
)


def bits_per_character(text: str) -> float:
    """Shannon entropy of the characters of the text; 0 for an empty one."""
    counts = Counter(text)
    return -sum(count / len(text) * log2(count / len(text)) for count in counts.values())


def looks_like_placeholder(value: str) -> bool:
    """Whether the value stands for a secret instead of being one: `<token>`, `${KEY}`, `your-key-here`."""
    return _PLACEHOLDER.match(value) is not None or len(set(value)) < 4


def looks_like_template(value: str) -> bool:
    """Whether the value describes the form of a key: `key-[name]-[20 letters]`."""
    return _TEMPLATE.search(value) is not None


def looks_like_code(value: str) -> bool:
    """Whether an unquoted value is a call, an attribute, a path or a plain identifier."""
    return _CODE.match(value) is not None or _WORDS.match(value) is not None


def character_classes(value: str) -> int:
    """How many of lower case, upper case, digits and other characters occur."""
    kinds = (str.islower, str.isupper, str.isdigit, _is_other)
    return sum(any(kind(character) for character in value) for kind in kinds)


def _is_other(character: str) -> bool:
    return not character.isalnum()
