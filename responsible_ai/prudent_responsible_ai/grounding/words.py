"""Texts to words that can be compared: English words cut to their stems, Chinese in pairs of characters.

It knows no passages and no labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from prudent_responsible_ai.text_view import canonical

_HAN = r"\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff"
_TOKEN = re.compile(rf"[{_HAN}]+|\d+(?:[.,]\d+)*|[^\W\d_{_HAN}]+(?:'[^\W\d_]+)?")
_HAN_RUN = re.compile(rf"[{_HAN}]")
_SUFFIXES = ("ingly", "edly", "ing", "ed", "ies", "es", "ly", "s", "'s")
_SHORTEST_STEM = 3
_KEPT = 20_000
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at to for and or is was are were be been by with from as that this it its his her"
        " their he she they who which what where when i you we do does did have has had there here how why so"
        " than then also but if into about can could will would may my your our me him them us s t re ve ll m"
        " being just some such these those over",
    )
)
_HAN_STOP = frozenset("的了是在和与及或也都就而被把对于从到这那其之一个们着过吗呢吧啊为以并等由将有")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared: characters [start, end) of the text; `capital` where it may be a name."""

    stem: str
    start: int
    end: int
    capital: bool
    number: bool = False


def words(text: str) -> list[Word]:
    """All words in their order, small ones too. Of Chinese each pair of neighbouring characters."""
    plain = canonical(text)
    found: list[Word] = []
    for token in _TOKEN.finditer(plain):
        if _HAN_RUN.match(token[0]):
            found += _pairs(token[0], token.start())
        else:
            number = token[0][0].isdigit()
            stem = token[0].replace(",", "") if number else stem_of(token[0].lower())
            found.append(Word(stem, token.start(), token.end(), token[0][0].isupper(), number))
    return found


def telling(found: list[Word]) -> list[Word]:
    """The words that say something: neither grammar alone, nor pairs of grammatical characters."""
    return [word for word in found if not is_grammar(word.stem)]


@lru_cache(maxsize=_KEPT)
def is_grammar(stem: str) -> bool:
    """Whether the word holds a sentence together and says nothing itself."""
    return stem in _STOP or all(letter in _HAN_STOP for letter in stem)


@lru_cache(maxsize=_KEPT)
def stem_of(word: str) -> str:
    """The word without the commonest endings of English."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            stem = word[: -len(suffix)]
            return stem[:-1] if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2] else stem
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM else word


def _pairs(run: str, start: int) -> list[Word]:
    if len(run) == 1:
        return [Word(run, start, start + 1, capital=False)]
    return [Word(run[i : i + 2], start + i, start + i + 2, capital=False) for i in range(len(run) - 1)]
