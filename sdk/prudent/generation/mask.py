"""Which tokens a grammar lets through, applied to one row of scores. Knows no grammar and draws nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prudent.errors import InternalError
from prudent.generation.constraint import Constraint

_WORD_BITS = 32

# So few allowed tokens are looked at alone. Past it, picking them out costs more than the whole row does.
_FEW = 2048


class TokenMask:
    """Room for one mask, filled anew for each row."""

    def __init__(self, vocab_size: int) -> None:
        words = -(-vocab_size // _WORD_BITS)
        self._words = np.zeros(words, np.int32)
        # What each byte of a mask adds to its eight tokens' scores: nothing, or -inf.
        bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
        self._addends = np.where(bits, 0.0, -np.inf).astype(np.float32)
        self._by_byte = np.empty((words * _WORD_BITS // 8, 8), np.float32)
        self._row = self._by_byte.reshape(-1)[:vocab_size]

    def fill(self, constraint: Constraint) -> None:
        """Take the mask of `constraint` at its state. What the constraint raises passes through."""
        self._words.fill(0)
        constraint.fill_mask(self._words)

    def allows(self, token: int) -> bool:
        """Whether `token` may come next."""
        return bool(int(self._words[token // _WORD_BITS]) >> token % _WORD_BITS & 1)

    def restrict(self, scores: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp] | None]:
        """The scores of the allowed tokens, with their ids where they are few.

        With ids, ascending, both are (n,). Without, the scores are float32 (vocab_size,), -inf where a token
        is not allowed; the array holds until the next call.

        Raises:
            InternalError: no token is allowed.
        """
        if int(np.bitwise_count(self._words.view(np.uint32)).sum()) > _FEW:
            np.take(self._addends, _bytes(self._words), axis=0, out=self._by_byte, mode="clip")
            return np.add(self._row, scores, out=self._row), None
        used = np.flatnonzero(self._words)
        places = np.flatnonzero(np.unpackbits(_bytes(self._words[used]), bitorder="little").view(np.bool_))
        ids = used[places // _WORD_BITS] * _WORD_BITS + places % _WORD_BITS
        ids = ids[: np.searchsorted(ids, scores.size)]  # bits past the vocabulary mean nothing
        if not ids.size:
            raise InternalError("The grammar allows no token to follow.", hint="Try again, or simplify it.")
        return scores[ids], ids


def _bytes(words: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Eight tokens a byte, the lowest first."""
    return words.astype("<i4", copy=False).view(np.uint8)
