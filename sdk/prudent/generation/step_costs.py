"""How long steps take on this machine with this model, learned as they run. Knows no sequences.

It answers two questions: how many tokens of a prompt fit into a time, and how long a newcomer waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CHUNKS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048)
"""Sizes of a prompt's chunk. A token costs more in small ones, up to twice as much."""

_WEIGHT = 0.3
"""Of the newest figure in a moving average: a prompt's chunks get slower as its context grows."""


@dataclass
class StepCosts:
    """Moving averages, in seconds."""

    decode: float | None = None
    """Of one decode step with the rows of late."""
    request: float | None = None
    """That a request holds its slot."""
    _token: float | None = None
    _tokens: dict[int, float] = field(default_factory=dict[int, float])

    def decoded(self, seconds: float) -> None:
        """A decode step took this long, with everything around it."""
        self.decode = _average(self.decode, seconds)

    def prefilled(self, tokens: int, seconds: float) -> None:
        """A chunk of a prompt took this long."""
        chunk = next((size for size in CHUNKS if size >= tokens), CHUNKS[-1])
        self._tokens[chunk] = max(_average(self._tokens.get(chunk), seconds / tokens), seconds / tokens)
        if tokens >= CHUNKS[0]:
            self._token = _average(self._token, seconds / tokens)

    def served(self, seconds: float) -> None:
        """A request held its slot this long."""
        self.request = _average(self.request, seconds)

    def chunk(self, decode_steps: float, most: int) -> int:
        """The largest chunk, of at most `most` tokens, that takes no longer than so many decode steps.

        The smallest one where none is known to fit: a prompt must go on.
        """
        if self.decode is None or self._token is None:
            return min(CHUNKS[0], most)
        budget = decode_steps * self.decode
        fitting = [size for size in CHUNKS if size * self._tokens.get(size, self._token) <= budget]
        return min(max(fitting, default=CHUNKS[0]), most)

    def wait(self, *, queued: int, queued_tokens: int, free: int, slots: int) -> float:
        """Seconds until a newcomer behind so many has a slot and the prompts before it are computed."""
        computing = queued_tokens * (self._token or 0.0)
        behind = max(0, queued + 1 - free)
        return max(computing, behind / slots * (self.request or 0.0))


def _average(old: float | None, new: float) -> float:
    return new if old is None else old + _WEIGHT * (new - old)
