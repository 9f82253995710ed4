"""Tags of tokens to names in a text: tokens to words, words to names, parts of an address to one.

Knows the tags and plain text. It runs no model and decides nothing about a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from prudent_responsible_ai.text_encoder import NameLabel, NameSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME_LABELS: tuple[NameLabel, ...] = get_args(NameLabel)

TAGS = ("O", *(f"{place}-{label}" for label in NAME_LABELS for place in "BI"))
"""What a token is, in the order of the encoder's outputs: no name (O), a name's first (B), inside one (I)."""

_WITHOUT_SPACES = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]")
"""Han, kana and hangul: names there end inside what blanks enclose, so tokens are not joined to words."""

_INSIDE_A_NAME = re.compile(r"[-'’·・.& \t\u00a0\ufeff]{0,3}")
_INSIDE_A_FIRM = re.compile(r"[-'’·・.,&/«“\"( \t\u00a0\ufeff]{0,3}")
"""What may stand between two words of one name: in a firm's also commas ("Co., Ltd.")."""
_INSIDE_AN_ADDRESS = re.compile(r"[\s,，、>?.;|#()/º°ª№:'’-]{0,10}")
"""What may stand between two parts of one address: commas, line ends, marks of quoted lines."""
_BETWEEN: dict[NameLabel, re.Pattern[str]] = {
    "PERSON": _INSIDE_A_NAME,
    "LOCATION": _INSIDE_A_NAME,
    "ORG": _INSIDE_A_FIRM,
    "ADDRESS": _INSIDE_AN_ADDRESS,
}
_POSSESSIVE = re.compile(r"['’][sS]?$")
_ABBREVIATED = re.compile(
    r"(?:\.\w+|\b(?:inc|ltd|co|corp|jr|sr|bros|st|str|llc|cia|pvt|lda))$", re.IGNORECASE
)
_GOES_ON = re.compile(r"[,;:?!]|\s[a-z0-9]")
"""Last words of a name that keep the full stop after them, where the sentence or an abbreviation goes on."""
_POST_MARK = "〒"
_OPENED = {")": "(", "»": "«", "”": "“"}
_PARTNERS = 3
"""Partners of a firm that is named by them: of two, "Smith and Brown" may as well be two people."""
_AND = re.compile(r" (?:and|&|und|et|y|e|en) ")
_FAMILY = re.compile(
    r"(?:sons|sohn|söhne|brothers|bros|partners?|associates|company|co|fils)\b", re.IGNORECASE
)
_EDGE_WORDS = re.compile(r"(?:of|and|by|in|at|from|for|with|met|the|to)(?: |$)", re.IGNORECASE)
_LAST_WORDS = re.compile(r" (?:of|and|by|in|at|from|for|with|met|to)$", re.IGNORECASE)
_TITLES = re.compile(r"(?<=\w\w)(?:老师|先生|女士|小姐|太太|经理|主任|教授|医生|同学|师傅|律师|さん|様|氏)$")
_OF_A_ROOM = re.compile(r"(?<=[0-9])(?:室|号楼|号|楼|栋|幢|层|房|单元)")
_PREPOSITION = re.compile(r"[在于到从去往]\w{2}")
_GENITIVE = re.compile(r"\w{2}[的の]$")
"""Particles of Chinese and Japanese that some pieces of the tokenizer hold together with a name."""


@dataclass(slots=True)
class _Word:
    """Characters [start, end), the summed tags of its tokens, and the tags of its first."""

    start: int
    end: int
    tags: list[float]
    first: list[float]
    tokens: int


@dataclass(slots=True)
class _Name:
    start: int
    end: int
    label: NameLabel
    scores: list[float]


def spans_of(
    tag_probabilities: NDArray[np.floating], offsets: Sequence[tuple[int, int]], text: str
) -> tuple[NameSpan, ...]:
    """The names in a text, in order and apart from each other.

    `tag_probabilities` is (tokens, TAGS), `offsets` the characters of each token; a token of no characters,
    as the marks of beginning and end, is left out. A word is what most of its tokens say. A name's score is
    the mean over its words of their probability of its label.
    """
    rows = cast("list[list[float]]", tag_probabilities.tolist())
    names = _with_whole_addresses(_with_whole_firms(_names(_words(rows, offsets, text), text), text), text)
    trimmed = (_trimmed(name, text) for name in names)
    return tuple(span for span in trimmed if span is not None)


def _words(rows: Sequence[list[float]], offsets: Sequence[tuple[int, int]], text: str) -> Iterator[_Word]:
    """Tokens joined to words; punctuation is left out."""
    word: _Word | None = None
    for tags, (start, end) in zip(rows, offsets, strict=True):
        if not any(letter.isalnum() for letter in text[start:end]):
            continue
        if word is not None and start <= word.end and _is_one_word(text, word.end):
            word.end = max(word.end, end)
            word.tags = [one + other for one, other in zip(word.tags, tags, strict=True)]
            word.tokens += 1
            continue
        if word is not None:
            yield word
        word = _Word(start, end, tags, tags, 1)
    if word is not None:
        yield word


def _is_one_word(text: str, at: int) -> bool:
    """Whether the characters on both sides of a place belong to one word."""
    if not 0 < at < len(text):
        return True
    pair = text[at - 1 : at + 1]
    return pair.isalnum() and not _WITHOUT_SPACES.search(pair)


def _names(words: Iterator[_Word], text: str) -> Iterator[_Name]:
    """Words of one label that follow each other."""
    name: _Name | None = None
    for word in words:
        label, score, begins = _read(word)
        if label is None:
            if name is not None:
                yield name
            name = None
            continue
        begins = begins and not _is_one_person(name, word, text)
        if name is not None and name.label == label and not begins and _joins(name, word, text):
            name.end = word.end
            name.scores.append(score)
            continue
        if name is not None:
            yield name
        name = _Name(word.start, word.end, label, [score])
    if name is not None:
        yield name


def _read(word: _Word) -> tuple[NameLabel | None, float, bool]:
    """The label of a word, its probability, and whether a name begins with it."""
    chances = [
        (word.tags[1 + 2 * index] + word.tags[2 + 2 * index]) / word.tokens
        for index in range(len(NAME_LABELS))
    ]
    best = max(range(len(chances)), key=chances.__getitem__)
    if chances[best] <= word.tags[0] / word.tokens:
        return None, 0.0, False
    begins = word.first[1 + 2 * best] > word.first[2 + 2 * best]
    return NAME_LABELS[best], min(1.0, chances[best]), begins


def _joins(name: _Name, word: _Word, text: str) -> bool:
    return _BETWEEN[name.label].fullmatch(text, name.end, word.start) is not None


def _is_one_person(name: _Name | None, word: _Word, text: str) -> bool:
    """Whether a word that is tagged as the first of a name is a given name's surname: a blank between."""
    if name is None or name.label != "PERSON" or text[name.end : word.start] != " ":
        return False
    return not _WITHOUT_SPACES.search(text, name.end - 1, word.start + 1)


def _with_whole_firms(names: Iterator[_Name], text: str) -> Iterator[_Name]:
    """ "Smith, Jones and Brown" and "Smith and Sons" as one firm, though each partner looks like one."""
    last: list[_Name] = []
    for name in names:
        last.append(name)
        if len(last) > _PARTNERS:
            yield last.pop(0)
        if len(last) == _PARTNERS and _are_partners(last, text):
            last = [_joined(last, "ORG")]
        elif len(last) > 1 and _are_family(last[-2:], text):
            last[-2:] = [_joined(last[-2:], "ORG")]
    yield from last


def _are_partners(names: list[_Name], text: str) -> bool:
    """Whether three single words, the first a firm to the encoder, are "A, B and C"."""
    if names[0].label != "ORG" or any(
        name.label not in ("ORG", "PERSON") or " " in text[name.start : name.end] for name in names
    ):
        return False
    first, second, third = names
    return (
        text[first.end : second.start] == ", " and _AND.fullmatch(text, second.end, third.start) is not None
    )


def _are_family(names: list[_Name], text: str) -> bool:
    """Whether the second of two firms only says who else belongs to the first."""
    left, right = names
    and_them = _AND.fullmatch(text, left.end, right.start) is not None
    return (
        left.label == right.label == "ORG"
        and and_them
        and _FAMILY.match(text, right.start, right.end) is not None
    )


def _joined(names: list[_Name], label: NameLabel) -> _Name:
    return _Name(names[0].start, names[-1].end, label, [score for name in names for score in name.scores])


def _with_whole_addresses(names: Iterator[_Name], text: str) -> Iterator[_Name]:
    """Street, place and postcode that follow each other as one address, however they were tagged."""
    last: _Name | None = None
    for name in names:
        if last is not None and _is_one_address(last, name, text):
            last = _joined([last, name], "ADDRESS")
            continue
        if last is not None:
            yield last
        last = name
    if last is not None:
        yield last


def _is_one_address(left: _Name, right: _Name, text: str) -> bool:
    labels = {left.label, right.label}
    if "ADDRESS" not in labels or not labels <= {"ADDRESS", "LOCATION"}:
        return False
    return _INSIDE_AN_ADDRESS.fullmatch(text, left.end, right.start) is not None


def _trimmed(name: _Name, text: str) -> NameSpan | None:
    """Without punctuation, particles and a possessive ending at the edges."""
    start, end = name.start, name.end
    if name.label != "ADDRESS":
        possessive = _POSSESSIVE.search(text, start, end)
        end = possessive.start() if possessive else end
    start, end = _without_words_at_edges(name.label, text, start, end)
    if name.label in ("LOCATION", "ADDRESS") and _PREPOSITION.match(text, start, end):
        start += 1
    if name.label != "PERSON" and _GENITIVE.search(text, start, end):
        end -= 1
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if start == end:
        return None
    if name.label == "ADDRESS" and text[start - 1 : start] == _POST_MARK:
        start -= 1
    return NameSpan(start, _with_closing(text, start, end), name.label, sum(name.scores) / len(name.scores))


def _without_words_at_edges(label: NameLabel, text: str, start: int, end: int) -> tuple[int, int]:
    """Words that are no part of a name, and a title after a Chinese one; a room's sign after its number."""
    if label == "ADDRESS":
        room = _OF_A_ROOM.match(text, end)
        return start, room.end() if room else end
    if label == "LOCATION":
        return start, end
    first = _EDGE_WORDS.match(text, start, end)
    if first and not (label == "ORG" and first[0].lower() == "the "):
        start = first.end()
    if last := _LAST_WORDS.search(text, start, end):
        end = last.start()
    if label == "PERSON" and (title := _TITLES.search(text, start, end)):
        end = title.start()
    return start, end


def _with_closing(text: str, start: int, end: int) -> int:
    """The end of a name, after the full stop of its abbreviation or the bracket that it opened."""
    after = text[end : end + 1]
    if after and after in _OPENED and text.rfind(_OPENED[after], start, end) > text.rfind(after, start, end):
        return end + 1
    if after == "." and _ABBREVIATED.search(text, start, end):
        goes_on = _GOES_ON.match(text, end + 1) is not None
        return end + 1 if goes_on or "." in text[start:end] else end
    return end
