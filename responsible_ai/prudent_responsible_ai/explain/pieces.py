"""A prompt in pieces that can be left out one at a time: parts, the longest cut at ends of sentences.

Knows no model and no message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 40
"""Characters of a piece that is worth cutting out of a longer part."""

_ENDS = (re.compile(r"\n\s*\n"), re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n"))
"""Where a part is cut: at empty lines first, then at ends of sentences."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters [start, end) of the text with this index."""

    index: int
    start: int
    end: int


def pieces_of(texts: Sequence[str], most: int) -> list[Piece]:
    """At most `most` pieces that together are the texts, in order; blank ones are left out.

    Where there are more texts than that, neighbours are not joined: the longest are kept.
    """
    pieces = [Piece(index, 0, len(text)) for index, text in enumerate(texts) if text.strip()]
    pieces = sorted(pieces, key=lambda one: (one.start - one.end, one.index))[:most]
    while len(pieces) < most:
        cut = next(
            (
                (piece, halves)
                for piece in sorted(pieces, key=lambda one: (one.start - one.end, one.index, one.start))
                if (halves := _halves(texts[piece.index], piece)) is not None
            ),
            None,
        )
        if cut is None:
            break
        pieces.remove(cut[0])
        pieces += cut[1]
    return sorted(pieces, key=lambda one: (one.index, one.start))


def _halves(text: str, piece: Piece) -> list[Piece] | None:
    """The piece cut at the end nearest to its middle; None where there is none."""
    middle = (piece.start + piece.end) // 2
    for ends in _ENDS:
        places = [
            found.end()
            for found in ends.finditer(text, piece.start, piece.end)
            if piece.start + LEAST <= found.end() <= piece.end - LEAST
        ]
        if places:
            at = min(places, key=lambda place: abs(place - middle))
            return [Piece(piece.index, piece.start, at), Piece(piece.index, at, piece.end)]
    return None
