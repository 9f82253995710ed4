"""Log-probabilities of the model's own distribution, the softmax of its logits. Knows no sampling."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from prudent.generation.request import TokenLogprob

# The vocabulary is folded into so many columns to bound the best tokens from below.
_COLUMNS = 1024


def log_probability(
    logits: NDArray[np.float32], highest: float, token: int, wanted: int, scratch: NDArray[np.float32]
) -> TokenLogprob:
    """That of `token`, and of the `wanted` most likely ones, the lower id first of equals.

    `logits` and `scratch`, which is overwritten, are float32 (vocab_size,); `highest` is the largest logit.
    """
    np.subtract(logits, np.float32(highest), out=scratch)
    np.exp(scratch, out=scratch)
    # numpy sums float32 pairwise: 152,000 terms are off by a millionth at most.
    log_total = highest + math.log(float(scratch.sum()))
    best = _best(logits, wanted) if wanted else ()
    top = tuple((int(token), float(logits[token]) - log_total) for token in best)
    return TokenLogprob(token, float(logits[token]) - log_total, top)


def _best(logits: NDArray[np.float32], wanted: int) -> NDArray[np.intp]:
    """The tokens with the `wanted` largest logits, largest first.

    The largest of each column are as many different tokens as there are columns, so no token below the
    `wanted`-th of them can be among the best; few tokens are above it, and only they are sorted.
    """
    near = np.arange(logits.size)
    if wanted <= _COLUMNS < logits.size:
        whole_rows = logits.size // _COLUMNS * _COLUMNS
        largest = logits[:whole_rows].reshape(-1, _COLUMNS).max(axis=0)
        bound = np.partition(largest, _COLUMNS - wanted)[_COLUMNS - wanted]
        near = np.flatnonzero(logits >= bound)
    return near[np.lexsort((near, -logits[near]))][:wanted]
