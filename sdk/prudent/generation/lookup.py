"""Prompt lookup: guess what comes next from what was said before. Knows no model.

Where an answer repeats its prompt (summaries, edits, extraction, code), the tokens after an earlier
occurrence of the last few tokens are likely to come again (Saxena 2023, prompt lookup decoding; Yang et al.
2023, "Inference with Reference", arXiv 2304.04487). A guess costs nothing but a wider run, and a guess that
is wrong costs what the run was wider: so a sequence whose guesses fail is left alone for a while.
"""

from __future__ import annotations

from collections.abc import Sequence

NGRAM = 3
LONGEST_DRAFT = 10
_SHORTEST = 2
_LONGEST_REST = 64


class PromptLookup:
    """Guesses for one sequence."""

    def __init__(self, prompt: Sequence[int]) -> None:
        self._tokens = list(prompt)
        self._ends: dict[tuple[int, ...], int] = {}
        self._indexed = 0
        self._size = _SHORTEST
        self._rest = 0
        self._failures = 0

    def append(self, token: int) -> None:
        """The next token of the answer."""
        self._tokens.append(token)

    def draft(self, most: int) -> tuple[int, ...]:
        """Up to `most` tokens that may come next; empty where there is no ground to guess."""
        self._index()
        if self._rest > 0:
            self._rest -= 1
            return ()
        end = self._ends.get(tuple(self._tokens[-NGRAM:]))
        if end is None:
            return ()
        guess = self._tokens[end : end + min(self._size, most)]
        return tuple(guess)

    def settle(self, drafted: int, accepted: int) -> None:
        """How much of a draft came true: longer guesses after success, a growing rest after failure."""
        if accepted == drafted:
            self._size = min(self._size * 2, LONGEST_DRAFT)
            self._failures = 0
        elif accepted * 2 >= drafted:
            self._failures = 0
        else:
            self._size = _SHORTEST
            self._failures += 1
            self._rest = min(2**self._failures, _LONGEST_REST)

    def _index(self) -> None:
        """Note where each n-gram ended last; the newest one is left out, or it would find itself."""
        for end in range(max(self._indexed, NGRAM), len(self._tokens)):
            self._ends[tuple(self._tokens[end - NGRAM : end])] = end
        self._indexed = max(self._indexed, len(self._tokens))
