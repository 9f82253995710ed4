"""What the engine asks of a grammar, as protocols. Knows no grammar language and no library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Constraint(Protocol):
    """One sequence's way through a grammar. Used by the engine's thread only.

    A method that raises fails its own sequence.
    """

    @property
    def complete(self) -> bool:
        """Whether the text is whole and nothing may follow: the sequence ends here."""
        ...

    def fill_mask(self, mask: NDArray[np.int32]) -> None:
        """Write which tokens may come next: bit t % 32 of word t // 32, int32 (ceil(vocab_size / 32),).

        Where the text may end here the bits of the stop tokens are set.
        """
        ...

    def accept(self, token: int) -> None:
        """Go on by one token, which the mask allowed."""
        ...

    def forced(self) -> tuple[int, ...]:
        """The tokens that must come next whatever the model says; the state does not change."""
        ...

    def allowed(self, tokens: Sequence[int]) -> int:
        """How many of these tokens, from the first on, may follow here; the state does not change."""
        ...


class Grammar(Protocol):
    """A compiled grammar; any number of sequences may follow it at once. Immutable and thread-safe."""

    def start(self) -> Constraint:
        """A constraint at the beginning of the text."""
        ...
