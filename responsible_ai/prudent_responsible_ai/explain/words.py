"""A text as words and sentences that can be taken out of it. Knows no scores.

In scripts that are written without spaces a "word" is what a vocabulary has for one; where none is at hand, a
few characters, cut at the commonest function characters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST_WORDS_OF_SENTENCE = 40
"""A longer sentence is treated as several, cut after this many words."""

_LONGEST_CUT = 20_000
"""Characters."""
_FUNCTION = "的了是在和也就都不我你他她它们这那吗呢吧啊把被给跟与及或而但着过地得很会能要个"
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff"
_UNSPACED = rf"{_CJK}\u0e00-\u0edf\u1000-\u109f\u1780-\u17ff"
_COMMON = "[你我他她它咱]们|[这那]些|[这那]个|什么|怎么|没有|不要|不能"
_CHINESE_WORD = rf"{_COMMON}|[{_FUNCTION}]|[{_CJK}]{{1,2}}?(?=[{_FUNCTION}]|[^{_CJK}]|\Z)|[{_CJK}]{{2}}"
_WORD = re.compile(
    rf"{_CHINESE_WORD}|[\u0e00-\u0edf\u1000-\u109f\u1780-\u17ff]{{1,4}}"
    rf"|[^\W{_UNSPACED}]+(?:['’][^\W{_UNSPACED}]+)*"
)
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]+")
_WORD_OR_RUN = re.compile(rf"{_UNSPACED_RUN.pattern}|{_WORD.pattern}")
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|\Z)|[。！？；]+[”’」』）]*|\n")


@dataclass(frozen=True, slots=True, order=True)
class Word:
    """Characters [start, end) of a text."""

    start: int
    end: int


def is_unspaced(text: str) -> bool:
    """Whether some of a text, and not too much to be cut in a moment, is written without spaces."""
    return len(text) <= _LONGEST_CUT and _UNSPACED_RUN.search(text) is not None


def words_of(text: str, cuts: Collection[int] = ()) -> list[Word]:
    """The words of a text, in order. `cuts` are places where words without spaces around them begin."""
    if not cuts:
        return [Word(*found.span()) for found in _WORD.finditer(text)]
    words: list[Word] = []
    begins = set(cuts)
    for found in _WORD_OR_RUN.finditer(text):
        start, end = found.span()
        if not _UNSPACED_RUN.match(text, start):
            words.append(Word(start, end))
            continue
        places = [start, *(at for at in range(start + 1, end) if at in begins), end]
        words += _paired(text, [Word(*place) for place in pairwise(places)])
    return words


def _paired(text: str, pieces: Sequence[Word]) -> Iterator[Word]:
    """The pieces; two single characters beside each other are a word that the vocabulary does not have."""
    left: Word | None = None
    for piece in pieces:
        single = piece.end - piece.start == 1 and text[piece.start] not in _FUNCTION
        if left is not None and single:
            yield Word(left.start, piece.end)
            left = None
            continue
        if left is not None:
            yield left
        left = piece if single else None
        if not single:
            yield piece
    if left is not None:
        yield left


def sentences_of(text: str, words: Sequence[Word]) -> list[list[Word]]:
    """The words, sentence by sentence; none is empty and none has more than MOST_WORDS_OF_SENTENCE."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    sentences: list[list[Word]] = [[]]
    at = 0
    for word in words:
        new = len(sentences[-1]) == MOST_WORDS_OF_SENTENCE
        while at < len(ends) and ends[at] <= word.start:
            at += 1
            new = True
        if new and sentences[-1]:
            sentences.append([])
        sentences[-1].append(word)
    return [sentence for sentence in sentences if sentence]


def without(text: str, removed: Collection[Word]) -> str:
    """The text without some of its words; of two spaces that meet, one goes too."""
    pieces: list[str] = []
    at = 0
    for word in sorted(removed):
        if word.start > at:
            pieces.append(text[at : word.start])
        at = word.end
        if at < len(text) and text[at].isspace() and (word.start == 0 or text[word.start - 1].isspace()):
            at += 1
    return "".join([*pieces, text[at:]]).strip()


def only(text: str, kept: Collection[Word]) -> str:
    """Nothing but some of a text's words, with what stands between those that follow each other closely."""
    return "".join(_kept(text, sorted(kept)))


def _kept(text: str, words: Sequence[Word]) -> Iterator[str]:
    for number, word in enumerate(words):
        yield text[word.start : word.end]
        if number + 1 < len(words):
            between = text[word.end : words[number + 1].start]
            yield between if not _WORD.search(between) else " "


def extent(text: str, words: Sequence[Word]) -> str:
    """The stretch of a text from the first of some words to the last, with the marks that follow it."""
    end = words[-1].end
    marks = re.compile(r"[^\w\s]*").match(text, end)
    return text[words[0].start : end if marks is None else marks.end()]
