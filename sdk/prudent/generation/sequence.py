"""What the scheduler knows of one sequence. Knows no text, no tensors and no listener."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from prudent.generation.request import Priority


class Phase(Enum):
    """Where a sequence stands."""

    WAITING = auto()
    PREFILL = auto()
    DECODE = auto()
    ENDED = auto()


@dataclass(slots=True, eq=False)
class Sequence:
    """A prompt and what was generated from it so far.

    `computed` counts the tokens whose keys and values are in the cache; the tokens after them are pending.
    A sequence that decodes has one pending token, the next run's input, or several where a grammar forced
    some. `draft` is a guess at what comes after them, to be verified by the next run. `scored` wants the
    log-probabilities of the prompt's tokens from position `scores_from` on. `reused` tokens of the
    prompt came from the cache. Times are on the engine's clock, in seconds.
    """

    prompt: tuple[int, ...]
    max_tokens: int
    isolation: str = ""
    priority: Priority = Priority.INTERACTIVE
    scored: bool = False
    scores_from: int = 1
    arrived: float = 0.0
    expires: float | None = None
    generated: list[int] = field(default_factory=list[int])
    draft: tuple[int, ...] = ()
    phase: Phase = Phase.WAITING
    slot: int | None = None
    seated: float = 0.0
    computed: int = 0
    reused: int = 0

    @property
    def length(self) -> int:
        """Tokens of prompt and answer together."""
        return len(self.prompt) + len(self.generated)

    @property
    def pending(self) -> int:
        """Tokens that are still to be computed."""
        return self.length - self.computed

    def is_late(self, now: float) -> bool:
        """Whether its deadline has passed."""
        return self.expires is not None and self.expires < now

    def tokens(self, start: int, stop: int) -> tuple[int, ...]:
        """Tokens at positions `start` to `stop` of prompt and answer together."""
        split = len(self.prompt)
        if stop <= split:
            return self.prompt[start:stop]
        answer = tuple(self.generated[max(0, start - split) : stop - split])
        return self.prompt[start:] + answer if start < split else answer
