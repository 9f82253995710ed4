"""From tokens to text that may be shown: stop strings across token boundaries. Knows no model.

Text that could still become a stop string is held back until it cannot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class IncrementalDecoder(Protocol):
    """Turns tokens into text one by one; a character whose bytes are not all there yet waits."""

    def push(self, token: int, /) -> str:
        """The text that this token completes."""
        ...

    def finish(self) -> str:
        """What is left at the end."""
        ...


class TextSource(Protocol):
    """What the engine asks of a tokenizer."""

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        ...

    def incremental(self) -> IncrementalDecoder:
        """A decoder for one sequence."""
        ...


@dataclass(frozen=True, slots=True)
class Release:
    """Text that may be shown, how many tokens it stands for, and whether a stop string ended it."""

    text: str = ""
    tokens: int = 0
    stopped: bool = False


class TextStream:
    """The text of one sequence.

    Text goes out token by token, so that a release spells exactly its tokens: checks that withhold text
    withhold what was said of its tokens with it. A token that completes no character goes with the next
    that does. Where a stop string ends the text, the tokens wholly inside or after it are not released.
    """

    def __init__(self, decoder: IncrementalDecoder, stop_strings: Sequence[str] = ()) -> None:
        self._decoder = decoder
        self._stops = tuple(stop_strings)
        self._held = ""
        self._held_from = 0  # offset of the held text in the whole text
        self._spans: deque[tuple[int, int]] = deque()  # each unreleased token's part of the whole text
        self._silent = 0  # tokens after those that have completed no character yet

    def push(self, token: int) -> Release:
        """Take one token in. After a stop nothing more may be pushed."""
        text = self._decoder.push(token)
        self._silent += 1
        return self._add(text) if text else Release()

    def finish(self) -> Release:
        """Release everything that was held back: the sequence ended otherwise than by a stop string."""
        last = self._add(self._decoder.finish())
        if last.stopped:
            return last
        text = last.text + self._held
        tokens = last.tokens + len(self._spans)
        self._held = ""
        self._spans.clear()
        return Release(text, tokens)

    def _add(self, text: str) -> Release:
        start = self._held_from + len(self._held)
        self._held += text
        self._spans.extend([(start, start + len(text))] * self._silent)
        self._silent = 0
        found = self._first_stop()
        if found is not None:
            cut = self._held_from + found
            return Release(self._held[:found], sum(begin < cut for begin, _ in self._spans), stopped=True)
        certain = self._held_from + len(self._held) - self._possible_stop()
        end, tokens = self._held_from, 0
        while self._spans and self._spans[0][1] <= certain:
            end = self._spans.popleft()[1]
            tokens += 1
        released = self._held[: end - self._held_from]
        self._held = self._held[len(released) :]
        self._held_from = end
        return Release(released, tokens)

    def _first_stop(self) -> int | None:
        """Where the stop string begins that is complete first, as if read character by character."""
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        return min(found)[1] if found else None

    def _possible_stop(self) -> int:
        """Length of the longest end of the held text that begins some stop string."""
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:length]):
                    longest = length
                    break
        return longest
