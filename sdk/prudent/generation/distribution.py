"""From logits to one drawn token: temperature, top_k, top_p, min_p. Knows no sequences and no batches.

A vocabulary has up to 152,000 tokens and nearly all of them carry no weight, so nothing here sorts all of
it: the few tokens above a floor are taken out, and the floor is lowered only if they do not suffice. The
result is that of a full sort.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from prudent.generation.request import SamplingParams

# Weights are relative to the most likely token's. Two floors serve nearly every real distribution; the last
# is float32's smallest number: every token with any weight.
_FLOORS = (1e-2, 1e-4, 1e-6, 1e-9, 1e-45)

_BLOCK = 2048


def draw(
    scores: NDArray[np.float32],
    highest: float,
    params: SamplingParams,
    generator: np.random.Generator,
    scratch: NDArray[np.float32],
) -> int:
    """Draw a token with the temperature and the cuts of `params`; one uniform number is taken.

    `scores` and `scratch` are float32 (vocab_size,), `highest` is the largest score; `scratch` is
    overwritten.
    """
    weights = _weights(scores, highest, params.temperature, scratch)
    uniform = generator.random()
    if params.top_k is None and params.top_p >= 1.0 and params.min_p <= 0.0:
        return _draw_from_all(weights, uniform)
    kept = kept_tokens(weights, top_k=params.top_k, top_p=params.top_p, min_p=params.min_p)
    cumulative = np.cumsum(weights[kept], dtype=np.float64)
    return int(kept[_place(cumulative, uniform * cumulative[-1])])


def kept_tokens(
    weights: NDArray[np.float32], *, top_k: int | None, top_p: float, min_p: float
) -> NDArray[np.intp]:
    """The tokens that may be drawn, most likely first, the lower id first among equals; at least one.

    `weights` are float32 (vocab_size,), unnormalised, with 1 for the most likely token. Each cut keeps a
    prefix of the sorted vocabulary, and together they keep the shortest. top_p is of the mass that top_k
    left.
    """
    count = len(weights) if top_k is None else min(top_k, len(weights))
    wanted_mass = top_p * float(weights.sum()) if top_k is None and top_p < 1.0 else 0.0
    head = _head(weights, count if top_k is not None else 1, wanted_mass, min_p)
    order = np.argsort(-weights[head], kind="stable")
    kept = head[order][:count]
    if top_p < 1.0:
        cumulative = np.cumsum(weights[kept], dtype=np.float64)
        wanted = wanted_mass if top_k is None else top_p * cumulative[-1]
        kept = kept[: int(np.searchsorted(cumulative, wanted)) + 1]
    if min_p > 0.0:
        kept = kept[weights[kept] >= min_p]
    return kept


def _weights(
    scores: NDArray[np.float32], highest: float, temperature: float, out: NDArray[np.float32]
) -> NDArray[np.float32]:
    with np.errstate(over="ignore", under="ignore"):  # far below the highest: the weight is 0
        np.subtract(scores, np.float32(highest), out=out)
        if temperature != 1.0:
            np.divide(out, np.float32(temperature), out=out)
        np.exp(out, out=out)
    return out


def _head(weights: NDArray[np.float32], count: int, mass: float, min_p: float) -> NDArray[np.intp]:
    """Every token above the first floor that leaves `count` tokens and `mass`, or that min_p cuts above."""
    head = np.empty(0, np.intp)
    for floor in _FLOORS:
        head = np.flatnonzero(weights >= np.float32(floor))
        enough = head.size >= count and (mass <= 0.0 or float(weights[head].sum(dtype=np.float64)) >= mass)
        if enough or floor < min_p:
            break
    return head


def _draw_from_all(weights: NDArray[np.float32], uniform: float) -> int:
    """Inverse of the cumulative weights, found block by block: a running sum of all of them costs more."""
    starts = np.arange(0, len(weights), _BLOCK)
    blocks = np.cumsum(np.add.reduceat(weights, starts), dtype=np.float64)
    target = uniform * float(blocks[-1])
    block = _place(blocks, target)
    before = float(blocks[block - 1]) if block else 0.0
    start = int(starts[block])
    inside = np.cumsum(weights[start : start + _BLOCK], dtype=np.float64)
    return start + _place(inside, target - before)


def _place(cumulative: NDArray[np.float64], target: float) -> int:
    """The first place whose cumulative weight passes the target; never one without weight of its own."""
    within = min(target, math.nextafter(float(cumulative[-1]), 0.0))
    return int(np.searchsorted(cumulative, within, side="right"))
