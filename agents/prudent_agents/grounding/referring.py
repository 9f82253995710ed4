"""Whether a part of a request speaks of something that another part names: `order 10 more`. Knows no tool."""

from __future__ import annotations

import re

_BACK = re.compile(
    r"\b(?:it|its|one|ones|they|them|their|he|him|his|she|her|that|this|these|those|there|more|another|each"
    r"|so)\b|[它他她这那再]|其中|各",
    re.IGNORECASE,
)


def refers_back(text: str) -> bool:
    """Whether a text has a word for something that it does not name."""
    return _BACK.search(text) is not None
