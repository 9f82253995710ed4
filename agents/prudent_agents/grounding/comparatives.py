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
        re.compile(r"\b(?:warm|hott?|cold|cool)(?:e[rs]t?)?\b|[暖热冷]|多少度|几度|气温", re.IGNORECASE),
        "degrees temperature celsius fahrenheit",
    ),
    (
        re.compile(r"\b(?:cheap|expensive|cost|pric|dear|worth|pay\b)|贵|便宜|多少钱|价", re.IGNORECASE),
        "price cost amount fee",
    ),
    (re.compile(r"\b(?:humid|damp|moist)|湿", re.IGNORECASE), "humidity moisture"),
    (re.compile(r"\b(?:tall|high)|高", re.IGNORECASE), "height"),
    (re.compile(r"\b(?:heav|light)|[轻重]", re.IGNORECASE), "weight"),
    (re.compile(r"\bin stock\b|\bleft\b|库存|还有", re.IGNORECASE), "stock count pieces left"),
)
"""Names of what is meant by words: of the field of a comparison, of what a tool finds out."""
_DEGREE = r"(?:更|比较|最)?(?P<degree>便宜|暖和|[多少贵高低暖冷热大小重轻长短])(?:一些|一点|些)?"
_NAMED = r"[^，,。；;？?！!]{1,30}?"
_WHICH_OF_THEM = r"(?:哪一?[个种样张把件边座家]?|谁)"
_TWO_SIDES = (
    re.compile(
        rf"(?:请问)?(?P<one>{_NAMED}){_DEGREE}[，,]?还是(?P<other>{_NAMED})(?:更|比较)?(?P=degree)(?:一些|一点|些)?[？?]?"
    ),
    re.compile(
        rf"(?:请问)?(?P<one>{_NAMED})[和与跟、](?P<other>{_NAMED})[，,]?(?:相比[，,]?)?{_WHICH_OF_THEM}{_DEGREE}[？?]?"
    ),
    re.compile(rf"(?:请问)?{_WHICH_OF_THEM}{_DEGREE}[，,：:](?P<one>{_NAMED})还是(?P<other>{_NAMED})[？?]?"),
)
"""`A多还是B多`, `A和B哪个更贵`, `哪个更贵，A还是B`."""
_PLACE = re.compile(
    r"^.{1,12}?(?:里面?|中|内)的?(?=.{2})|^.{1,12}?的(?=.{2})|^(?:今天|明天|昨天|现在)的?(?=.{2})"
)
"""Where, or when, the things are that are compared."""
_ASKED = (
    ("贵便宜", "多少钱？"),
    ("多少", "有多少？"),
    ("暖和冷热", "的气温是多少？"),
    ("高低", "有多高？"),
    ("大小", "有多大？"),
    ("重轻", "有多重？"),
    ("长短", "有多长？"),
)
"""How it is asked for what is compared."""
_THING = re.compile(r"(?P<thing>.+?)(?:多少钱|有多[少高大重长]|的气温是多少)？")
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


def each_asked(text: str) -> list[str]:
    """The question about each thing that a Chinese text compares; none where it compares none.

    `库存里桌子多还是椅子多？` asks how many tables there are, and how many chairs.
    """
    for pattern in _TWO_SIDES:
        found = pattern.fullmatch(text.strip())
        if found is None:
            continue
        place = _PLACE.match(found["one"])
        where = found["one"][: place.end()] if place else ""
        ends = next(ends for degrees, ends in _ASKED if found["degree"] in degrees)
        return [f"{found['one']}{ends}", f"{where}{found['other'].removeprefix(where)}{ends}"]
    return []


def thing_asked(question: str) -> str:
    """The thing that such a question is about; empty where it is no such question."""
    found = _THING.fullmatch(question)
    if found is None:
        return ""
    place = _PLACE.match(found["thing"])
    return found["thing"][place.end() if place else 0 :]


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
