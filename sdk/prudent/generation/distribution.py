"""From logits to one drawn token: temperature, top_k, top_p, min_p. Knows no sequences and no batches.

A vocabulary has up to 152,000 tokens, and in a real distribution all but a few hundred weigh nothing. So
only the tokens near the most likely one are weighed, and what the others can weigh together is bounded.
Where that bound could change the outcome all are weighed. The outcome is that of weighing and sorting
everything, usually without doing it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from prudent.errors import InternalError
from prudent.generation.request import SamplingParams

# How far below the most likely token to look first, in nats after temperature: 152,000 others weigh at most
# 0.017 of the most likely token. In about one draw of ten that could matter, and then all are weighed.
_REACH = 16.0

# Tokens lighter than this, beside the most likely one's 1, are sorted only if top_p reaches them.
_SELDOM_KEPT = np.float32(1e-4)

_BLOCK = 2048


class Scratch:
    """Room for the steps of a draw from up to `size` scores, so that none waits for memory to be mapped."""

    def __init__(self, size: int) -> None:
        self.near = np.empty(size, np.bool_)
        self.weights = np.empty(size, np.float32)


def draw(
    scores: NDArray[np.float32],
    highest: float,
    params: SamplingParams,
    generator: np.random.Generator,
    scratch: Scratch,
) -> int:
    """Draw a token with the temperature and the cuts of `params`; one uniform number is taken.

    `scores` is float32 (vocab_size,) and `highest` its largest value.
    """
    uniform = generator.random()
    top, temperature = np.float32(highest), np.float32(params.temperature)
    lowest = np.float32(highest - _REACH * params.temperature)
    near = np.flatnonzero(np.greater_equal(scores, lowest, out=scratch.near[: scores.size]))
    weights = np.exp((scores[near] - top) / temperature)
    others = scores.size - near.size
    place = choose(weights, uniform, params, others=others, heaviest_other=math.exp(-_REACH))
    if place is not None:
        return int(near[place])
    weights = np.subtract(scores, top, out=scratch.weights[: scores.size])
    np.divide(weights, temperature, out=weights)
    token = choose(np.exp(weights, out=weights), uniform, params)
    if token is None:
        raise InternalError("No token has any weight.")
    return token


def choose(
    weights: NDArray[np.float32],
    uniform: float,
    params: SamplingParams,
    *,
    others: int = 0,
    heaviest_other: float = 0.0,
) -> int | None:
    """The index of the weight that `uniform`, in [0, 1), falls on after the cuts.

    `weights` is float32 (n,), unnormalised, 1 for the most likely token. `others` more tokens exist that
    weigh at most `heaviest_other` each; None where it depends on them which index it is. A cut keeps every
    token as heavy as the lightest that it must keep.
    """
    eligible = weights.size + others if params.top_k is None else min(params.top_k, weights.size + others)
    rest = others * heaviest_other if eligible > weights.size else 0.0
    cutoff = np.float32(0.0)
    if eligible < weights.size:
        cutoff = np.partition(weights, weights.size - eligible)[weights.size - eligible]
    if params.top_p < 1.0:
        nucleus = _nucleus_cutoff(weights, cutoff, params.top_p, rest)
        if nucleus is None:
            return None
        cutoff, rest = nucleus, 0.0
    if params.min_p > heaviest_other:
        cutoff, rest = max(cutoff, np.float32(params.min_p)), 0.0
    if cutoff == 0.0:
        return _falls_on(weights, uniform, rest)
    kept = np.flatnonzero(weights >= cutoff)
    place = _falls_on(weights[kept], uniform, rest)
    return None if place is None else int(kept[place])


def _nucleus_cutoff(
    weights: NDArray[np.float32], cutoff: np.float32, top_p: float, rest: float
) -> np.float32 | None:
    """The lightest weight of the fewest tokens, of those from `cutoff` on, that have `top_p` of their mass.

    None where up to `rest` more mass elsewhere could change it (Holtzman et al. 2019, section 3.1).
    """
    mass = float((weights if cutoff == 0.0 else weights[weights >= cutoff]).sum(dtype=np.float64))
    wanted, at_most = top_p * mass, top_p * (mass + rest)
    for lightest in (max(cutoff, _SELDOM_KEPT), cutoff):
        ordered = -np.sort(-weights[weights >= lightest])
        cumulative = np.cumsum(ordered, dtype=np.float64)
        if at_most < cumulative[-1]:
            fewest, most = (float(ordered[int(np.searchsorted(cumulative, x))]) for x in (wanted, at_most))
            return np.float32(fewest) if fewest == most else None
    return None if rest else cutoff


def _falls_on(weights: NDArray[np.float32], uniform: float, rest: float) -> int | None:
    """Where `uniform` of the whole weight is passed, never on a weight of 0; None if `rest` could shift it.

    Many are searched block by block: a running sum of them all costs several times more.
    """
    start = 0
    if weights.size <= _BLOCK:
        inside = np.cumsum(weights, dtype=np.float64)
        total = float(inside[-1])
        target = uniform * total
    else:
        starts = np.arange(0, weights.size, _BLOCK)
        blocks = np.cumsum(np.add.reduceat(weights, starts, dtype=np.float64))
        total = float(blocks[-1])
        target = min(uniform * total, math.nextafter(total, 0.0))
        block = int(np.searchsorted(blocks, target, side="right"))
        start = block * _BLOCK
        before = float(blocks[block - 1]) if block else 0.0
        inside = before + np.cumsum(weights[start : start + _BLOCK], dtype=np.float64)
    # A running sum may end a rounding below the target: its last token with weight is meant then.
    within = min(target, math.nextafter(float(inside[-1]), 0.0))
    place = int(np.searchsorted(inside, within, side="right"))
    if rest and uniform * (total + rest) >= inside[place]:
        return None
    return start + place
