"""A batch as the arrays that the graph wants, by the contract in `prudent.runtime.artifact`.

Pure functions: no session and no cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.generation.scheduler import Decode, Prefill


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


def prefill_feeds(batch: Prefill) -> Feeds:
    """One row, S new tokens; logits of the last one if it ends the prompt, of none otherwise."""
    end = batch.start + len(batch.tokens)
    wanted = [len(batch.tokens) - 1] if batch.last else []
    return Feeds(
        first_slot=batch.slot,
        input_ids=np.array([batch.tokens], np.int64),
        seqlens_k=np.array([end - 1], np.int32),
        total_length=np.array([end], np.int32),
        logit_rows=np.array(wanted, np.int64),
    )


def decode_feeds(batch: Decode) -> Feeds:
    """B rows, one new token each; logits of every row."""
    lengths = [sequence.computed for sequence in batch.sequences]
    return Feeds(
        first_slot=0,
        input_ids=np.array([[sequence.newest] for sequence in batch.sequences], np.int64),
        seqlens_k=np.array([length - 1 for length in lengths], np.int32),
        total_length=np.array([max(lengths)], np.int32),
        logit_rows=np.arange(len(lengths), dtype=np.int64),
    )
