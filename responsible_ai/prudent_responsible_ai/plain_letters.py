"""A text reduced to its letters and digits in lower case, so that marks, spaces and case hide nothing.

It knows nothing of what is looked for. Offsets lead back to the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prudent_responsible_ai.text_view import canonical

_MOST_PLACES = 20
"""Places of one piece that are looked at; a text of more repeats itself."""
_MOST_BEFORE_AND_AFTER = 400
"""Letters of a run beyond its piece, each way."""


@dataclass(frozen=True, slots=True)
class PlainLetters:
    """`offsets[i]` is where letter i stands in the text."""

    text: str
    offsets: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Letters [start, end), not empty, as a span of the text."""
        return self.offsets[start], self.offsets[end - 1] + 1

    def backwards(self) -> PlainLetters:
        """The same from the end to the beginning; its spans are not for `span`."""
        return PlainLetters(self.text[::-1], self.offsets[::-1])


def plain_letters(text: str) -> PlainLetters:
    """The letters and digits of a text."""
    letters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(canonical(text)):
        if character.isalnum():
            lowered = character.lower()
            letters.append(lowered if len(lowered) == 1 else character)
            offsets.append(offset)
    return PlainLetters("".join(letters), offsets)


def shared_runs(text: str, known: str, piece: int) -> Iterator[tuple[int, int, int]]:
    """Runs that both hold, as (start, end) in `text` and start in `known`, as long as they go.

    Each begins from a piece of `known` at a multiple of `piece`: a run of twice that length is not missed.
    """
    for begin in range(0, len(known) - piece + 1, piece):
        chunk = known[begin : begin + piece]
        at, places = text.find(chunk), 0
        while at >= 0 and places < _MOST_PLACES:
            start, other = at, begin
            first = max(0, at - _MOST_BEFORE_AND_AFTER)
            while start > first and other > 0 and text[start - 1] == known[other - 1]:
                start, other = start - 1, other - 1
            end, last = at + piece, begin + piece
            final = min(len(text), end + _MOST_BEFORE_AND_AFTER)
            while end < final and last < len(known) and text[end] == known[last]:
                end, last = end + 1, last + 1
            yield start, end, other
            at, places = text.find(chunk, end), places + 1
