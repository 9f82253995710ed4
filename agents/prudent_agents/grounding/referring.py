"""Whether a part of a request needs the rest of it to be understood: `order 10 more`. Knows no tool."""

from __future__ import annotations

import re

_BACK = re.compile(
    r"\b(?:it|its|one|ones|they|them|their|he|him|his|she|her|that|this|these|those|there|more|another|each"
    r"|so)\b|[它他她这那再]|其中|各",
    re.IGNORECASE,
)


_NAMES = re.compile(r"(?<=\w )[A-Z]")
_SHORT = re.compile(r"\s*[a-z]+(?:\s+[a-z\d.,-]+){0,2}\s*[.!?]?\s*", re.IGNORECASE)
"""Three words at most: `order 15`."""


def refers_back(text: str) -> bool:
    """Whether a text has a word for something that it does not name, or hardly any words."""
    return _BACK.search(text) is not None or (not _NAMES.search(text) and bool(_SHORT.fullmatch(text)))
