"""Puts the request's own values back for their placeholders in an answer, however it is cut into pieces.

It knows the names that were given in the request and no other: a placeholder that the answer made up, or that
the gate put into it for a value of its own, stays. It knows no check and no policy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from prudent_responsible_ai.check import Finding, Span
from prudent_responsible_ai.placeholders import PLACEHOLDER
from prudent_responsible_ai.redaction import Piece

_BEGUN = re.compile(r"\[[A-Z_0-9]{0,48}\Z")
"""A placeholder that has not ended."""


class Restorer:
    """Restores one text. Of it, a placeholder that has begun is held back until it ends or cannot be one."""

    def __init__(self, values: Mapping[str, str], *, as_json: bool = False) -> None:
        """`values` by placeholder. In JSON, a value goes into the string that the placeholder stands in."""
        self._values = {name: _in_json(value) if as_json else value for name, value in values.items()}
        self._held: list[Piece] = []

    def feed(self, pieces: Sequence[Piece], *, final: bool) -> list[Piece]:
        """Take the next pieces; return those that may go out, together in place of as many characters."""
        if not self._values:
            return list(pieces)
        self._held += pieces
        text = "".join(piece.text for piece in self._held)
        found = [match.span() for match in PLACEHOLDER.finditer(text) if match[0] in self._values]
        end = len(text) if final else self._certain(text)
        ready, self._held = _split(self._held, end)
        return list(self._restored(ready, text, found))

    def _certain(self, text: str) -> int:
        """How far the text holds no placeholder that has only begun."""
        begun = _BEGUN.search(text)
        if begun and any(name.startswith(begun[0]) for name in self._values):
            return begun.start()
        return len(text)

    def _restored(self, pieces: list[Piece], text: str, found: list[tuple[int, int]]) -> Iterator[Piece]:
        at = 0
        for start, end in found:
            before, pieces = _split(pieces, start - at)
            inside, pieces = _split(pieces, end - start)
            yield from before
            consumed = sum(piece.consumed for piece in inside)
            yield Piece(self._values[text[start:end]], consumed, altered=True)
            at = end
        yield from pieces


def apart(
    found: Sequence[tuple[Finding, Span]], others: Sequence[tuple[int, int]]
) -> Iterator[tuple[Finding, Span]]:
    """Make spans that overlap one, named by the first, so that each value is put back once.

    What overlaps with `others`, which are not put back, is not put back either.
    """
    groups: list[tuple[Finding, Span]] = []
    for finding, span in sorted(found, key=lambda one: (one[1].start, -one[1].end)):
        if groups and span.start < groups[-1][1].end:
            first, last = groups[-1]
            groups[-1] = (first, replace(last, end=max(last.end, span.end)))
        else:
            groups.append((finding, span))
    for finding, span in groups:
        kept = not any(start < span.end and span.start < end for start, end in others)
        yield finding, replace(span, restore=kept)


def _split(pieces: list[Piece], at: int) -> tuple[list[Piece], list[Piece]]:
    """Cut before the character `at` of the pieces' text; hidden stretches go with what is before them."""
    before: list[Piece] = []
    for index, piece in enumerate(pieces):
        if len(piece.text) > at:
            left, right = _cut(piece, at)
            return [*before, *left], [right, *pieces[index + 1 :]]
        before.append(piece)
        at -= len(piece.text)
    return before, []


def _cut(piece: Piece, at: int) -> tuple[list[Piece], Piece]:
    """Both halves of a piece; what an altered one answers for goes with its end."""
    if at == 0:
        return [], piece
    first = 0 if piece.altered else at
    left = Piece(piece.text[:at], first, piece.altered)
    return [left], Piece(piece.text[at:], piece.consumed - first, piece.altered)


def _in_json(value: str) -> str:
    """The value as it stands between the quotes of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]
