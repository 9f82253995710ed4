"""Log-probabilities wait for their text: they spell it, so they may not go out before it or without it.

Knows text by position only, no check and no request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from prudent_responsible_ai.redaction import Piece

EntryT = TypeVar("EntryT")


@dataclass(frozen=True, slots=True)
class Placed(Generic[EntryT]):
    """A log-probability that may go out, and by how many characters redactions before it moved its text."""

    entry: EntryT
    shift: int = 0


@dataclass(frozen=True, slots=True)
class _Held(Generic[EntryT]):
    entry: EntryT
    start: int
    end: int


class HeldLogprobs(Generic[EntryT]):
    """The log-probabilities of one text, in its order. Positions count in the model's text."""

    def __init__(self) -> None:
        self._held: deque[_Held[EntryT]] = deque()
        self._received = 0
        self._decided = 0
        self._altered: list[tuple[int, int]] = []
        self._shifts: list[tuple[int, int]] = [(0, 0)]  # from this position on the text has moved so far
        self._sent = 0

    def add(self, text: str, entries: Iterable[EntryT]) -> None:
        """Take the next stretch of the model's text with the tokens behind it.

        Several tokens behind one stretch share its fate: where one token ends in it is not known.
        """
        start = self._received
        self._received += len(text)
        self._held.extend(_Held(entry, start, self._received) for entry in entries)

    def release(self, pieces: Iterable[Piece]) -> list[Placed[EntryT]]:
        """Say what became of the next stretches; return the tokens whose text went out as it was."""
        for piece in pieces:
            self._note(piece)
        ready: list[Placed[EntryT]] = []
        while self._held and self._held[0].end <= self._decided:
            held = self._held.popleft()
            if not any(start < held.end and held.start < end for start, end in self._altered):
                ready.append(Placed(held.entry, self._shift_at(held.start)))
        oldest = self._held[0].start if self._held else self._received
        self._altered = [(start, end) for start, end in self._altered if end > oldest]
        while len(self._shifts) > 1 and self._shifts[1][0] <= oldest:
            del self._shifts[0]
        return ready

    def _note(self, piece: Piece) -> None:
        if piece.altered and piece.consumed:
            self._altered.append((self._decided, self._decided + piece.consumed))
        elif piece.consumed and self._sent - self._decided != self._shifts[-1][1]:
            self._shifts.append((self._decided, self._sent - self._decided))
        self._decided += piece.consumed
        self._sent += len(piece.text)

    def _shift_at(self, position: int) -> int:
        return next(shift for start, shift in reversed(self._shifts) if start <= position)
