"""Log-probabilities wait for their text: they spell it, so they may not go out before it or without it.

Knows text by position only, no check and no request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from prudent.types.chat import TokenLogprob
from prudent_responsible_ai.redaction import Piece


@dataclass(frozen=True, slots=True)
class _Held:
    entry: TokenLogprob
    start: int
    end: int


class HeldLogprobs:
    """The log-probabilities of one answer, in the order of its text. Positions count in the model's text."""

    def __init__(self) -> None:
        self._held: deque[_Held] = deque()
        self._received = 0
        self._decided = 0
        self._altered: list[tuple[int, int]] = []

    def add(self, text: str, entries: Iterable[TokenLogprob]) -> None:
        """Take the next stretch of the model's text with the tokens behind it.

        Several tokens behind one stretch share its fate: where one token ends in it is not known.
        """
        start = self._received
        self._received += len(text)
        self._held.extend(_Held(entry, start, self._received) for entry in entries)

    def release(self, pieces: Iterable[Piece]) -> list[TokenLogprob]:
        """Say what became of the next stretches; return the tokens whose text went out as it was."""
        for piece in pieces:
            if piece.altered and piece.consumed:
                self._altered.append((self._decided, self._decided + piece.consumed))
            self._decided += piece.consumed
        ready: list[TokenLogprob] = []
        while self._held and self._held[0].end <= self._decided:
            held = self._held.popleft()
            if not any(start < held.end and held.start < end for start, end in self._altered):
                ready.append(held.entry)
        oldest = self._held[0].start if self._held else self._received
        self._altered = [(start, end) for start, end in self._altered if end > oldest]
        return ready
