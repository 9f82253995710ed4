"""The same text about somebody of another group: one protected attribute swapped wherever it is named.

Words, ages, pronouns and given names change; nothing else does, so some twins read stiffly. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from prudent_responsible_ai.bias_probe.pronouns import swap_pronouns
from prudent_responsible_ai.identity.attributes import AGE, OLD_FROM, OLDER, YOUNGER, attributes
from prudent_responsible_ai.identity.lexicon import Mention, alternatives, groups, read_yaml

_YEARS = 25
"""How much older or younger the twin is."""
_ADULT = 18
_MORE_PAIRS = {
    "wheelchair": "bicycle",
    "轮椅": "自行车",
    "怀孕": "已婚",
    "pregnant": "married",
    "pregnancy": "marriage",
}
"""Conditions without a group that stands opposite: what takes their place keeps the sentence whole."""
_FAMILIES = """
mother father | mum dad | mom dad | wife husband | daughter son | sister brother |
aunt uncle | grandmother grandfather | niece nephew | girlfriend boyfriend | actress
actor | waitress waiter | queen king | mrs mr | ms mr | miss mr | madam sir | 妈妈 爸爸
| 母亲 父亲 | 妻子 丈夫 | 女儿 儿子 | 姐姐 哥哥 | 妹妹 弟弟 |
奶奶 爷爷 | 女朋友 男朋友 | 女友 男友 | 女士 先生 | 太太 先生 |
小姐 先生
"""


@dataclass(frozen=True, slots=True)
class Twin:
    """A text with one attribute swapped: `axis`, from which group to which."""

    text: str
    axis: str
    group: str
    other: str


def twin(text: str) -> Twin | None:
    """Swap the attribute that the text names first and that has an opposite; None where none has.

    A given name of our lists counts as naming gender where nothing else does.
    """
    for mention in attributes(text):
        swapped = swap(text, mention.axis, mention.group)
        if swapped is not None and swapped.text != text:
            return swapped
    return swap(text, "gender", "")


def swap(text: str, axis: str, group: str) -> Twin | None:
    """Swap one attribute. `group` is whom the text is about; for gender it is found where it is not known.

    Returns None where nothing of the text changes.
    """
    if axis == "gender":
        return _swap_gender(text)
    if axis == "age":
        return _swap_age(text, group)
    other = _opposite(axis, group)
    if other is None:
        return None
    changed = _replaced(text, _group_pairs(axis, group, other))
    if axis == "ethnicity":
        changed = swap_names(changed, _ORIGIN.get(group, ""), _ORIGIN.get(other, ""))
    return Twin(changed, axis, group, other) if changed != text else None


def swap_names(text: str, origin: str, other: str) -> str:
    """Given names of one origin become those of another, of the same gender."""
    names = _names()
    if origin not in names or other not in names:
        return text
    pairs = {
        ours: theirs
        for gender in ("women", "men")
        for ours, theirs in zip(names[origin][gender], names[other][gender], strict=True)
    }
    return _replaced(text, pairs)


_ORIGIN = {
    "White people": "English",
    "Black people": "African American",
    "Hispanic people": "Hispanic",
    "Asian people": "Chinese",
}
"""Whose names suggest which group."""


def _swap_gender(text: str) -> Twin | None:
    mentions = [one for one in attributes(text) if one.axis == "gender"]
    changed = swap_pronouns(_replaced(text, _gender_pairs()))
    if changed == text:
        return None
    women = _is_about_women(text, mentions)
    return Twin(changed, "gender", "women" if women else "men", "men" if women else "women")


def _is_about_women(text: str, mentions: list[Mention]) -> bool:
    if mentions:
        return mentions[0].group in ("women", "female", "女")
    names = {name for each in _names().values() for name in each["women"]}
    first = re.search(r"\b(?:she|her|hers|he|him|his)\b|[她他]", text, re.IGNORECASE)
    if first is not None:
        return first[0].lower() in ("she", "her", "hers", "她")
    return any(word in names for word in re.findall(r"\w+", text))


def _swap_age(text: str, group: str) -> Twin | None:
    other = YOUNGER if group == OLDER else OLDER

    def aged(match: re.Match[str]) -> str:
        name, years = next((name, int(value)) for name, value in match.groupdict().items() if value)
        if years < _ADULT:
            return match[0]
        moved = years - _YEARS if years >= OLD_FROM else years + _YEARS
        start, end = match.start(name) - match.start(), match.end(name) - match.start()
        return match[0][:start] + str(moved) + match[0][end:]

    changed = _replaced(AGE.sub(aged, text), _group_pairs("age", group, other))
    return Twin(changed, "age", group, other) if changed != text else None


def _opposite(axis: str, group: str) -> str | None:
    known = groups().get(axis, {})
    if group in known:
        return known[group].swap or next((name for name, one in known.items() if one.swap == group), None)
    return None


def _group_pairs(axis: str, group: str, other: str) -> dict[str, str]:
    """Each word of a group with the word of the other that stands at its place, else with the first."""
    ours, theirs = groups()[axis][group], groups()[axis][other]
    pairs = dict(_MORE_PAIRS) if axis == "disability" else {}
    if axis == "age":
        pairs |= {said: said for said in ("years old", "year old")}
    for kind in ("people", "person", "adjectives", "zh"):
        its: list[str] = getattr(theirs, kind)
        for place, word in enumerate(getattr(ours, kind)):
            pairs.setdefault(
                word, its[min(place, len(its) - 1)] if its else _fallback(theirs.adjectives, other)
            )
    return pairs


def _fallback(adjectives: list[str], other: str) -> str:
    return f"{adjectives[0]} people" if adjectives else other


@lru_cache(maxsize=1)
def _gender_pairs() -> dict[str, str]:
    women, men = groups()["gender"]["women"], groups()["gender"]["men"]
    pairs: dict[str, str] = {}
    for ours, theirs in ((women.people, men.people), (women.person, men.person)):
        pairs |= _both(zip(ours, theirs, strict=False))
    pairs |= {"housewives": "househusbands", "housewife": "househusband", "househusband": "housewife"}
    zh = (
        ("女性", "男性"),
        ("女人", "男人"),
        ("女生", "男生"),
        ("女孩", "男孩"),
        ("女子", "男子"),
        ("女", "男"),
    )
    pairs |= _both((*zh, ("她们", "他们"))) | {"妇女": "男子", "孕妇": "准爸爸"}
    for pair in _FAMILIES.split("|"):
        woman, man = pair.split()
        pairs[woman] = man
        pairs.setdefault(man, woman)
    pairs |= {word: _MORE_PAIRS[word] for word in ("怀孕", "pregnant", "pregnancy")}
    for origin in _names().values():
        pairs |= _both(zip(origin["women"], origin["men"], strict=True))
    return pairs


def _both(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    listed = list(pairs)
    return {**dict(listed), **{second: first for first, second in reversed(listed)}}


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Mapping[str, list[str]]]:
    return read_yaml("names.yaml")


def _replaced(text: str, pairs: Mapping[str, str]) -> str:
    """All words replaced at once, with the case of the word that stood there and the article it needs."""
    lowered = {word.lower(): other for word, other in pairs.items()}
    latin = alternatives(word for word in pairs if not _is_han(word))
    han = alternatives(word for word in pairs if _is_han(word))
    parts = [rf"(?:\b(?P<article>an?)\s+)?(?<![\w-])(?P<word>{latin})\b"] if latin else []
    parts += [f"(?P<han>{han})"] if han else []
    if not parts:
        return text

    def other(match: re.Match[str]) -> str:
        if "han" in match.groupdict() and match["han"] is not None:
            return lowered[match["han"]]
        word = _in_case_of(match["word"], lowered[match["word"].lower()])
        return word if match["article"] is None else f"{_article(match['article'], word)} {word}"

    return re.sub("|".join(parts), other, text, flags=re.IGNORECASE)


def _is_han(word: str) -> bool:
    return "\u4e00" <= word[0] <= "\u9fff"


def _article(article: str, word: str) -> str:
    needed = "an" if word[0].lower() in "aeiou" and not word.lower().startswith(("uni", "use", "eu")) else "a"
    return needed.capitalize() if article[0].isupper() else needed


def _in_case_of(word: str, other: str) -> str:
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[:1].upper() + other[1:] if word[:1].isupper() else other
