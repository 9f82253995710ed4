"""The words of a text in a form that is the same for `price`, `prices` and `priced`. Knows no tool."""

from __future__ import annotations

import re

_STEM = 5
_COMMON = frozenset(
    ("and", "any", "are", "for", "from", "new", "not", "please", "some", "that", "the", "this", "with", "you")
)


def stems(text: str) -> set[str]:
    """The beginnings of a text's words, and its pairs of Chinese characters."""
    found: set[str] = set()
    for word in re.findall(r"[^\W\d_]+", text.replace("_", " ").casefold()):
        if word.isascii() and len(word) > 2 and word not in _COMMON:
            found.add(word[:_STEM])
        elif not word.isascii():
            found |= {word[at : at + 2] for at in range(max(1, len(word) - 1))}
    return found
