"""A batch as the arrays that the graph wants, by the contract in `prudent.runtime.artifact`.

Pure functions: no session and no cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.generation.scheduler import Batch, Decode, Extend, FirstPrompts

_PADDING = 0
"""Any token: what is computed of it is never read, and is overwritten by what comes after the prompt."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """The small inputs of one run over rows `first_slot` and following.

    input_ids int64 (B, S), seqlens_k int32 (B,), total_length int32 (1,), logit_rows int64 (Q,).
    """

    first_slot: int
    input_ids: NDArray[np.int64]
    seqlens_k: NDArray[np.int32]
    total_length: NDArray[np.int32]
    logit_rows: NDArray[np.int64]


def feeds_of(batch: Batch) -> Feeds:
    """The inputs of any batch."""
    match batch:
        case FirstPrompts():
            return _first_prompts(batch)
        case Extend():
            return _extend(batch)
        case Decode():
            return _decode(batch)


def _first_prompts(batch: FirstPrompts) -> Feeds:
    """B rows, padded at the right to the longest; logits of each row's own last token."""
    lengths = [sequence.length for sequence in batch.sequences]
    longest = max(lengths)
    ids = np.full((len(lengths), longest), _PADDING, np.int64)
    for row, (sequence, length) in enumerate(zip(batch.sequences, lengths, strict=True)):
        ids[row, :length] = sequence.tokens(0, length)
    return Feeds(
        first_slot=batch.first_slot,
        input_ids=ids,
        seqlens_k=np.array([length - 1 for length in lengths], np.int32),
        total_length=np.array([longest], np.int32),
        logit_rows=np.array([row * longest + length - 1 for row, length in enumerate(lengths)], np.int64),
    )


def _extend(batch: Extend) -> Feeds:
    """One row, S new tokens; logits of the last ones, or of none."""
    new = len(batch.tokens)
    end = batch.start + new
    return Feeds(
        first_slot=batch.slot,
        input_ids=np.array([batch.tokens], np.int64),
        seqlens_k=np.array([end - 1], np.int32),
        total_length=np.array([end], np.int32),
        logit_rows=np.arange(new - batch.logits, new, dtype=np.int64),
    )


def _decode(batch: Decode) -> Feeds:
    """B rows, one new token each; logits of every row."""
    lengths = [sequence.computed for sequence in batch.sequences]
    return Feeds(
        first_slot=0,
        input_ids=np.array([[token] for token in batch.tokens], np.int64),
        seqlens_k=np.array([length - 1 for length in lengths], np.int32),
        total_length=np.array([max(lengths)], np.int32),
        logit_rows=np.arange(len(lengths), dtype=np.int64),
    )
