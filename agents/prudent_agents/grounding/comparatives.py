"""What is compared in words: which way, and in what form it is asked. Knows no value and asks no model."""

from __future__ import annotations

import re
from typing import Literal

MORE = (
    "more|warmer|hotter|higher|larger|bigger|greater|taller|longer|heavier|dearer|pricier|deeper|wider|richer"
)
LESS = "less|fewer|cheaper|colder|cooler|lower|smaller|shorter|lighter|narrower|poorer"
"""Comparatives, as alternatives of a pattern."""
_MORE = re.compile(
    rf"\b(?:{MORE}|most|(?:warm|hott|high|large|bigg|great|tall|long|heavi|dear|prici|deep|wid|rich)e?st)\b"
    r"|[贵高暖热大重长]|多(?!少)",
    re.IGNORECASE,
)
_LESS = re.compile(
    rf"\b(?:(?:{LESS})(?: expensive| costly)?|fewest|least|(?:cheap|cold|cool|low|small|short|light)est)\b"
    r"|(?<!多)少|[低冷小轻短]|便宜",
    re.IGNORECASE,
)
_FIELDS = (
    (
        re.compile(r"\b(?:warm|hot|cold|cool)|[暖热冷]", re.IGNORECASE),
        "degrees temperature celsius fahrenheit",
    ),
    (re.compile(r"\b(?:cheap|expensive|costly|pric|dear)|贵|便宜", re.IGNORECASE), "price cost amount fee"),
    (re.compile(r"\b(?:tall|high)|高", re.IGNORECASE), "height"),
    (re.compile(r"\b(?:heav|light)|[轻重]", re.IGNORECASE), "weight"),
    (re.compile(r"\bin stock\b|\bleft\b|库存|还有", re.IGNORECASE), "stock count pieces left"),
)
"""Names of fields that a comparison is probably of."""
_YES_OR_NO = re.compile(
    r"^\s*(?:and\s+|so\s+)?(?:is|are|does|do|did|was|were|has|have|will)\b.*\bthan\b|^(?!.*[哪谁多]).*比.*[吗么]",
    re.IGNORECASE,
)
_WHICH = re.compile(
    r"\bwhich\b|\bwho\b|\bwhat\b[^,.]*\b(?:most|least|\w+est)\b|\bor\b|\bby how\b"
    rf"|\bhow (?:much|many) (?:{MORE}|{LESS})\b|哪|谁|还是|比.*(?:多少|几)",
    re.IGNORECASE,
)
_THAN = re.compile(r"\bthan\b|比", re.IGNORECASE)
_ASKS_MORE = re.compile(
    r"[.?!。？！]\s*\w"
    r"|\b(?:and|also)\s+(?:is|are|does|do|what|how(?! m)|who|where|when|why|will|tell|send|write)\b",
    re.IGNORECASE,
)


def direction(text: str) -> Literal[1, -1] | None:
    """Which way a text compares: 1 the more, -1 the less; None where it does not, or both ways."""
    more, less = _MORE.search(_LESS.sub(" ", text)), _LESS.search(text)
    if (more is None) is (less is None):
        return None
    return -1 if more is None else 1


def than(text: str) -> int | None:
    """Where the two sides of a comparison meet."""
    found = _THAN.search(text)
    return None if found is None else found.start()


def asks_whether(text: str) -> bool:
    """Whether a comparison is answered by yes or no."""
    return _YES_OR_NO.search(text) is not None


def asks_which(text: str) -> bool:
    """Whether a text asks which of several it is, or by how much."""
    return _WHICH.search(text) is not None


def asks_more(text: str) -> bool:
    """Whether a text asks for something beside one comparison."""
    return _ASKS_MORE.search(text.strip()) is not None


def fields(text: str) -> str:
    """Names that the field may have of which a text speaks."""
    return " ".join(names for pattern, names in _FIELDS if pattern.search(text))
