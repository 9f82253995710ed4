"""Where a text says which protected attribute one person has: groups, ages, conditions. Judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prudent_responsible_ai.identity.lexicon import Mention, mentions

OLDER, YOUNGER = "older people", "younger people"
OLD_FROM = 45
"""The age in years from which somebody counts as older in a swap; nothing else depends on it."""

AGE = re.compile(
    r"\b(?P<a>\d{2})[\s-]*(?:years?|yrs?)[\s-]*old\b|\bage[ds]?\s*(?:is|of|:|：|=)?\s*(?P<b>\d{2})\b|"
    r"\b(?P<c>\d{2})\s*(?:yo|y/o)\b|年龄\s*(?:是|为|:|：)?\s*(?P<d>\d{2})|(?P<e>\d{2})\s*(?:周)?岁",
    re.IGNORECASE,
)
"""An age of two digits, in the group that matched."""

_FIELD = re.compile(
    r"(?P<axis>gender|sex|race|ethnicity|religion|nationality|disability|sexual orientation|性别|民族|"
    r"种族|宗教|"
    r"国籍|残疾|性取向)\s*(?:is|:|：|=|是|为)\s*(?P<value>[^\s,;，；。\n][^,;，；。\n]{0,30})",
    re.IGNORECASE,
)
_AXIS_OF = {
    "sex": "gender",
    "性别": "gender",
    "race": "ethnicity",
    "种族": "ethnicity",
    "民族": "ethnicity",
    "宗教": "religion",
    "国籍": "nationality",
    "残疾": "disability",
    "性取向": "sexual orientation",
}
_PREGNANT = re.compile(r"\b(?:pregnan(?:t|cy)|maternity leave)\b|怀孕|孕期|产假", re.IGNORECASE)
_WHEELCHAIR = re.compile(r"\bwheelchair\b|\bin remission\b|\bHIV[- ]positive\b|轮椅|抑郁症", re.IGNORECASE)


def attributes(text: str) -> list[Mention]:
    """Every protected attribute of a person that the text names, in its order."""
    found = [*mentions(text), *_ages(text), *_fields(text)]
    found += [Mention(one.start(), one.end(), "gender", "women") for one in _PREGNANT.finditer(text)]
    found += [
        Mention(one.start(), one.end(), "disability", "disabled people") for one in _WHEELCHAIR.finditer(text)
    ]
    kept: list[Mention] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _ages(text: str) -> Iterator[Mention]:
    for match in AGE.finditer(text):
        years = int(next(value for value in match.groupdict().values() if value))
        group = OLDER if years >= OLD_FROM else YOUNGER
        yield Mention(match.start(), match.end(), "age", group)


def _fields(text: str) -> Iterator[Mention]:
    for match in _FIELD.finditer(text):
        axis = match["axis"].lower()
        yield Mention(match.start(), match.end(), _AXIS_OF.get(axis, axis), match["value"].strip())
