"""What the scheduler knows of one sequence. Knows no text, no tensors and no listener."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto


class Phase(Enum):
    """Where a sequence stands."""

    WAITING = auto()
    PREFILL = auto()
    DECODE = auto()
    ENDED = auto()


@dataclass(slots=True, eq=False)
class Sequence:
    """A prompt and what was generated from it so far.

    `computed` counts the tokens whose keys and values are in the cache. In decode it is one less than
    `length`: the newest token is the next run's input.
    """

    prompt: tuple[int, ...]
    max_tokens: int
    generated: list[int] = field(default_factory=list[int])
    phase: Phase = Phase.WAITING
    slot: int | None = None
    computed: int = 0

    @property
    def length(self) -> int:
        """Tokens of prompt and answer together."""
        return len(self.prompt) + len(self.generated)

    @property
    def newest(self) -> int:
        """The last token, generated or of the prompt."""
        return self.generated[-1] if self.generated else self.prompt[-1]
