"""Takes spans out of a text and says what became of each stretch. Knows no checks and no policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Removal:
    """Characters [start, end) to take out. `replacement` is called only if it comes to stand in the text."""

    start: int
    end: int
    replacement: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the result: its text, how many characters of the original it answers for, and whether
    they were altered. A placeholder comes as a piece with `consumed` 0, followed by the stretch it hides."""

    text: str
    consumed: int
    altered: bool


class Redactor:
    """Renders a text from left to right, also in portions. Overlapping spans are all hidden.

    Of spans that begin together the longest is named; a span within another is not named; of two that
    overlap, each is named where it begins.
    """

    def __init__(self) -> None:
        self._at = 0
        self._hidden_to = 0

    def render(self, text: str, offset: int, end: int, removals: Iterable[Removal]) -> list[Piece]:
        """Return the pieces from where the last call ended up to `end`.

        `text` holds the original from `offset` on; all positions count in the original.
        """
        pieces: list[Piece] = []
        for removal in sorted(removals, key=lambda one: (one.start, -one.end)):
            if removal.end <= self._hidden_to:
                continue
            pieces += self._advance(text, offset, max(removal.start, self._at))
            pieces.append(Piece(removal.replacement(), 0, altered=True))
            self._hidden_to = removal.end
        pieces += self._advance(text, offset, end)
        return pieces

    def hide(self, end: int) -> None:
        """Let the stretch that is hidden now reach to `end`."""
        self._hidden_to = max(self._hidden_to, end)

    def _advance(self, text: str, offset: int, end: int) -> Iterator[Piece]:
        hidden = min(self._hidden_to, end)
        if hidden > self._at:
            yield Piece("", hidden - self._at, altered=True)
            self._at = hidden
        if end > self._at:
            yield Piece(text[self._at - offset : end - offset], end - self._at, altered=False)
            self._at = end
