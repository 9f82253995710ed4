"""Words that are said, cut into sentences of a bounded length. Knows no numbers, abbreviations or
phonemes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 300
"""Characters of a piece: what is longer is cut at a comma, else between words, so that memory is bounded."""

LONGEST_FIRST = 100
"""Of the first piece, so that it is heard soon; this one is cut at commas only."""

_SHORT_LINE = 50
"""A line that is shorter and has no mark at its end is a heading or an item, not prose that was wrapped."""

_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=[\"'(\[]?[^\W_])")
_INITIALS = re.compile(r"(?:^|[\s(\"'])(?:[A-Za-z]\.)+$")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_COMMA = re.compile(r"[,;:]\s")
_HEARD = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or a part of one; `pause` is the silence after it in seconds."""

    text: str
    pause: float


_PART, _SENTENCE, _PARAGRAPH = 0.0, 0.15, 0.4
"""Seconds after a part of a sentence, a sentence, a paragraph."""


def sentences(words: str) -> list[Sentence]:
    """The pieces in order; those without anything to be heard are left out, and nothing follows the last."""
    found: list[Sentence] = []
    for paragraph in _PARAGRAPHS.split(words):
        lines = [line for block in _blocks(paragraph) for line in _split(block)]
        for sentence in lines:
            parts = [part for part in _pieces(sentence, first=not found) if _HEARD.search(part)]
            found += [Sentence(part, _PART) for part in parts[:-1]]
            found += [Sentence(part, _SENTENCE) for part in parts[-1:]]
        if found:
            found[-1] = Sentence(found[-1].text, _PARAGRAPH)
    if found:
        found[-1] = Sentence(found[-1].text, 0.0)
    return found


def _blocks(paragraph: str) -> Iterator[str]:
    """Lines that belong together: wrapped prose is joined, headings and items stand alone."""
    held: list[str] = []
    for line in paragraph.split("\n"):
        if stripped := line.strip():
            held.append(stripped)
            if len(stripped) < _SHORT_LINE:
                yield " ".join(held)
                held = []
    if held:
        yield " ".join(held)


def _split(block: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(block):
        if _INITIALS.search(block, max(0, match.start() - 12), match.start()):
            continue  # "J. Smith", "U.S. exports": not an end, or not surely
        yield block[start : match.end()].strip()
        start = match.end()
    yield block[start:].strip()


def _pieces(sentence: str, *, first: bool) -> Iterator[str]:
    rest = sentence
    if first and len(rest) > LONGEST_FIRST:
        cut = _last_comma(rest, LONGEST_FIRST)
        if cut:
            yield rest[:cut].strip()
            rest = rest[cut:].strip()
    while len(rest) > LONGEST:
        cut = _last_comma(rest, LONGEST) or rest.rfind(" ", 1, LONGEST) + 1 or LONGEST
        yield rest[:cut].strip()
        rest = rest[cut:].strip()
    yield rest


def _last_comma(text: str, before: int) -> int:
    """Where the piece up to the last comma ends that is not too long; 0 where there is none."""
    return max((match.end() for match in _COMMA.finditer(text, 0, before)), default=0)
