"""The words for groups of people, read from the package, and patterns over them. Judges no text.

Lists are our own and short: common words in English and Chinese. What they lack is not found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PEOPLE = re.compile(
    r"people|persons?|(?:wo)?m[ae]n|(?:fe)?males?|folks?|guys?|girls?|boys?|kids?|child(?:ren)?|youths?|"
    r"students?|workers?|employees?|applicants?|candidates?|drivers?|immigrants?|migrants?|patients?|"
    r"customers?|famil(?:y|ies)|communit(?:y|ies)|individuals?|citizens?|neighbou?rs?|lad(?:y|ies)|couples?|"
    r"mothers?|mums?|moms?|fathers?|tenants?|borrowers?|defendants?|engineers?|nurses?|teachers?|users?|"
    r"colleagues?|managers?|doctors?|lawyers?|gentlem[ae]n|adults?"
)
"""Nouns for people that an adjective may stand before."""
_BETWEEN = 2
"""Words after an adjective among which the noun may be."""
_ARTICLES = frozenset({"a", "an", "the", "also", "very", "being", "practising", "practicing", "devout"})
_VERBS = frozenset({"is", "was", "are", "were", "am", "be", "being"})
_SUBJECTS = frozenset(
    re.findall(
        r"\S+",
        """
he she they i who you we applicant candidate person patient tenant defendant student employee
customer borrower one
""",
    )
)


class Group(BaseModel):
    """One group's words: plural nouns, singular nouns, adjectives (English), and Chinese words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: list[str] = []
    person: list[str] = []
    adjectives: list[str] = []
    zh: list[str] = []
    swap: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters [start, end) of a text that name a group of an axis such as `gender`."""

    start: int
    end: int
    axis: str
    group: str


@lru_cache(maxsize=1)
def groups() -> Mapping[str, Mapping[str, Group]]:
    """Groups by axis and name."""
    read = read_yaml("terms.yaml")
    return {
        axis: {name: Group.model_validate(group) for name, group in each.items()}
        for axis, each in read.items()
    }


def read_yaml(name: str) -> dict[str, Any]:
    """A YAML file of this folder."""
    text = (files("prudent_responsible_ai") / "identity" / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text))


def mentions(text: str) -> list[Mention]:
    """Where the text names a group, in its order; a longer name wins over one within it."""
    found = [] if text.isascii() else list(_chinese(text))
    found += _english(text)
    kept: list[Mention] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


@dataclass(frozen=True, slots=True)
class _Form:
    """One name of a group, in lower-case words. An adjective must be said of people."""

    words: tuple[str, ...]
    axis: str
    group: str
    adjective: bool


def _english(text: str) -> Iterator[Mention]:
    index = _index()
    words = list(_WORD.finditer(text))
    lowered = [word[0].lower() for word in words]
    for at, word in enumerate(lowered):
        for form in index.get(word, ()):
            size = len(form.words)
            if tuple(lowered[at : at + size]) != form.words:
                continue
            if form.adjective and not _of_people(words, lowered, at, size):
                continue
            yield Mention(words[at].start(), words[at + size - 1].end(), form.axis, form.group)
            break


def _of_people(words: list[re.Match[str]], lowered: list[str], at: int, size: int) -> bool:
    """Whether the adjective stands before a noun for people, or is said of somebody."""
    if any(_PEOPLE.fullmatch(word) for word in lowered[at + size : at + size + _BETWEEN]):
        return True
    before = at - 1
    while before >= 0 and lowered[before] in _ARTICLES:
        before -= 1
    if before < 1 or lowered[before] not in _VERBS:
        return False
    return lowered[before - 1] in _SUBJECTS or words[before - 1][0][0].isupper()


def _chinese(text: str) -> Iterator[Mention]:
    pattern, names = _chinese_words()
    for match in pattern.finditer(text):
        axis, group = names[match[0]]
        yield Mention(match.start(), match.end(), axis, group)


@lru_cache(maxsize=1)
def _index() -> Mapping[str, list[_Form]]:
    """English names by their first word, the longest first."""
    index: defaultdict[str, list[_Form]] = defaultdict(list)
    for axis, each in groups().items():
        for name, group in each.items():
            nouns = ((word, False) for word in (*group.people, *group.person))
            for word, adjective in (*nouns, *((word, True) for word in group.adjectives)):
                words = tuple(_WORD.findall(word.lower()))
                index[words[0]].append(_Form(words, axis, name, adjective))
    for forms in index.values():
        forms.sort(key=lambda form: (-len(form.words), form.adjective))
    return dict(index)


@lru_cache(maxsize=1)
def _chinese_words() -> tuple[re.Pattern[str], Mapping[str, tuple[str, str]]]:
    names = {
        word: (axis, name)
        for axis, each in groups().items()
        for name, group in each.items()
        for word in group.zh
    }
    return re.compile(starting(names)), names


def starting(words: Iterable[str]) -> str:
    """The words as a pattern that looks at the first character before it tries any."""
    every = list(words)
    return f"(?=[{''.join(sorted({word[0] for word in every}))}])(?:{alternatives(every)})"


def alternatives(words: Iterable[str]) -> str:
    """The words as a pattern, the longest first, so that none hides a longer one."""
    return "|".join(sorted({re.escape(word) for word in words}, key=lambda word: (-len(word), word)))


def plural_pattern() -> str:
    """English words that name a group in the plural."""
    every = [group for each in groups().values() for group in each.values()]
    nouns = alternatives(word for group in every for word in group.people)
    adjectives = alternatives(word for group in every for word in group.adjectives)
    plural = (
        r"(?:people|persons|men|women|males|females|folks|guys|girls|boys|kids|children|students|workers|"
        r"drivers|immigrants)"
    )
    return rf"(?:{nouns}|(?:{adjectives})\s+{plural})"


def singular_pattern() -> str:
    """English words that say of one person to which group they belong."""
    every = [group for each in groups().values() for group in each.values()]
    nouns = alternatives(word for group in every for word in group.person)
    adjectives = alternatives(word for group in every for word in group.adjectives)
    return rf"(?:{nouns}|{adjectives})"


def chinese_pattern() -> str:
    """Chinese words that name a group; 女 and 男 alone are too short to."""
    return starting(
        word for each in groups().values() for group in each.values() for word in group.zh if len(word) > 1
    )
