"""Fills templates: `{slot}` by one of the slot's texts, `[one|other]` by one of the two. Knows no labels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rows import Split

Slots = Mapping[str, Sequence[str]]

_VALIDATION_SHARE = 10
"""One template in so many is kept for validation."""
_TRIES = 6
"""Draws for each filling that is wanted, before a template counts as used up."""

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]|\{(\w+)\}")


def slots_of(found: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The texts of each slot, written with bars between them."""
    return {name: tuple(map(str.strip, text.split("|"))) for name, text in found.items()}


def split_of(template: str) -> Split:
    """Drawn from the template, so that its fillings stay together."""
    drawn = int.from_bytes(hashlib.sha256(template.encode()).digest()[:4], "big")
    return "validation" if drawn % _VALIDATION_SHARE == 0 else "train"


def filled(template: str, slots: Slots, drawn: np.random.Generator) -> str:
    r"""One filling; an open place at the start gets a capital, a written `\n` a new line."""

    def choose(found: re.Match[str]) -> str:
        options = found[1].split("|") if found[1] else slots[found[2]]
        return options[int(drawn.integers(len(options)))]

    text = template
    while _CHOICE.search(text):
        text = _CHOICE.sub(choose, text)
    text = text.replace("\\n", "\n").strip()
    return text[:1].upper() + text[1:] if _CHOICE.match(template) else text


def fillings(template: str, slots: Slots, each: int, drawn: np.random.Generator) -> Iterator[str]:
    """As many different fillings as are asked for, fewer where the template has fewer."""
    seen: set[str] = set()
    for _ in range(each * _TRIES):
        if len(seen) == each:
            return
        text = filled(template, slots, drawn)
        if text not in seen:
            seen.add(text)
            yield text
