"""Texts cut into passages at headings, pages and the ends of sentences, with offsets. Knows no model.

Passages do not overlap and leave out nothing but white space, so an offset names one place in a document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from prudent_agents.knowledge.extraction.extracted import Extracted, Mark
from prudent_agents.knowledge.lexicon import signs

MOST_TOKENS = 256
"""Of a passage, estimated: half of what the encoder takes, since a passage should say one thing."""

_CHARACTERS_A_TOKEN = 4.0
_TOKENS_A_SIGN = 0.75
"""Of XLM-R's vocabulary, on average over the languages with and without spaces."""

_ENDS = re.compile(
    r"\n[ \t]*\n\s*"  # an empty line
    r"|[。！？｡]+[」』”’）)\]】》]*(?:[\[【［]\d{1,3}[\]】］])*\s*"
    r"|[.!?…]+[\"'”’)\]»]*(?:\[\d{1,3}\])*\s+"  # with marks of references behind it
    r"|\n\s*"
)
_WORD_ENDS = re.compile(r"[\s,;:，；：、]+")
_NARROW = 0.6
"""Share of its goal from which a passage ends at an empty line rather than in the next paragraph."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage `text[start:end]`. `heading` is the way to it; `seconds` and `until` are of its sound."""

    start: int
    end: int
    heading: str = ""
    page: int | None = None
    seconds: float | None = None
    until: float | None = None


def cut(document: Extracted, *, tokens: int = MOST_TOKENS) -> list[Chunk]:
    """The passages of a document in order, none of more than about `tokens` tokens."""
    text = document.text
    offsets = [mark.offset for mark in document.marks]
    found: list[Chunk] = []
    for start, end, heading in _sections(document):
        for first, last in _packed(text, start, end, tokens):
            while first < last and text[first].isspace():
                first += 1
            while first < last and text[last - 1].isspace():
                last -= 1
            if first < last:
                begins = _mark(document.marks, offsets, first)
                ends = _mark(document.marks, offsets, last - 1)
                until = None if ends is None else ends.until
                found.append(
                    Chunk(
                        first,
                        last,
                        heading,
                        begins.page if begins else None,
                        begins.seconds if begins else None,
                        until,
                    )
                )
    return found


def weight(text: str) -> float:
    """About how many tokens a text has."""
    unspaced = signs(text)
    return unspaced * _TOKENS_A_SIGN + (len(text) - unspaced) / _CHARACTERS_A_TOKEN


def _mark(marks: tuple[Mark, ...], offsets: list[int], place: int) -> Mark | None:
    index = bisect_right(offsets, place) - 1
    return marks[index] if index >= 0 else None


def _sections(document: Extracted) -> Iterator[tuple[int, int, str]]:
    """Start, end and way of headings of each section; a heading alone goes with what follows it."""
    length = len(document.text)
    ways: dict[int, str] = {0: ""}
    way: list[tuple[int, str]] = []
    alone_until = -1
    for heading in document.headings:
        way = [(level, text) for level, text in way if level < heading.level]
        way.append((heading.level, heading.text))
        if document.text[alone_until : heading.offset].strip() or alone_until < 0:
            ways[heading.offset] = " > ".join(text for _, text in way)
        else:
            ways[max(ways)] = " > ".join(text for _, text in way)
        line_end = document.text.find("\n", heading.offset)
        alone_until = length if line_end < 0 else line_end
    borders = dict(ways)
    for mark in document.marks:
        if mark.page is not None and mark.offset not in borders:
            borders[mark.offset] = ""
    starts = sorted(borders)
    current = ""
    for start, end in zip(starts, [*starts[1:], length], strict=True):
        current = ways.get(start, current)
        if start < end:
            yield start, end, current


def _packed(text: str, start: int, end: int, tokens: int) -> Iterator[tuple[int, int]]:
    """A section in pieces of whole sentences, about equally long."""
    pieces = [piece for one in sentences(text, start, end) for piece in _bounded(text, *one, tokens)]
    weights = [weight(text[first:last]) for first, last in pieces]
    total = sum(weights)
    goal = total / max(1, -(-total // tokens))
    begin, held = start, 0.0
    for index, (first, last) in enumerate(pieces):
        if held and held + weights[index] > tokens:
            yield begin, first
            begin, held = first, 0.0
        held += weights[index]
        paragraph = "\n\n" in text[max(first, last - 8) : last]
        if held >= goal or (paragraph and held >= _NARROW * goal):
            yield begin, last
            begin, held = last, 0.0
    if begin < end:
        yield begin, end


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the sentences of a stretch of text begin and end, in order, without gaps."""
    begin = start
    for match in _ENDS.finditer(text, start, end):
        yield begin, match.end()
        begin = match.end()
    if begin < end:
        yield begin, end


def _bounded(text: str, start: int, end: int, tokens: int) -> Iterator[tuple[int, int]]:
    """A sentence, or its pieces where it alone is too long: at spaces and commas where there are any."""
    longest = int(tokens * _CHARACTERS_A_TOKEN)
    while end - start > tokens and weight(text[start : min(end, start + longest + 1)]) > tokens:
        last = start + _fitting(text, start, min(end, start + longest), tokens)
        best = _last_gap(text, start + (last - start) // 2, last) or last
        yield start, best
        start = best
    yield start, end


def _fitting(text: str, start: int, end: int, tokens: int) -> int:
    """How many characters from `start` have no more than the given weight; at least one."""
    low, high = 1, end - start
    while low < high:
        middle = (low + high + 1) // 2
        if weight(text[start : start + middle]) <= tokens:
            low = middle
        else:
            high = middle - 1
    return low


def _last_gap(text: str, start: int, end: int) -> int | None:
    last = None
    for match in _WORD_ENDS.finditer(text, start, end):
        last = match.end()
    return last
