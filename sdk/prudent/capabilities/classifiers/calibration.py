"""Probabilities that mean what they say: a temperature for the scores, and how far off they are.

Guo et al. 2017, On Calibration of Modern Neural Networks (arXiv 1706.04599): temperature scaling and the
expected calibration error. Knows no head and no folds.
"""

from __future__ import annotations

import math

import numpy as np

from prudent.capabilities.classifiers.head import Floats, Indices, log_softmax

_COLDEST, _HOTTEST = 0.02, 50.0
_GOLDEN = (math.sqrt(5) - 1) / 2
_SEARCH_STEPS = 40
BINS = 10


def fit_temperature(scores: Floats, classes: Indices) -> float:
    """What to divide scores (n, classes) by, for the least cross-entropy.

    Where every score is right the best temperature would be 0, which promises certainty after a handful of
    examples. So the aim is not 1 for the true class but (n + 1) / (n + 2), as Platt (1999) has it.
    """
    count, width = scores.shape
    doubt = 1.0 / (count + 2.0)
    rows = list(range(count))

    def loss(log_temperature: float) -> float:
        logs = log_softmax(scores / math.exp(log_temperature))
        right = logs[rows, classes]
        wrong = (logs.sum(axis=1) - right) / max(1, width - 1)
        return -float(((1 - doubt) * right + doubt * wrong).mean())

    low, high = math.log(_COLDEST), math.log(_HOTTEST)
    # Golden-section search: the loss has one minimum, since it is convex in 1 / temperature.
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_SEARCH_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return math.exp((low + high) / 2)


def cross_entropy(log_probabilities: Floats, classes: Indices) -> float:
    """Mean of -log of the true class's probability, in nats."""
    return -float(log_probabilities[np.arange(len(classes)), classes].mean())


def calibration_error(confidence: Floats, right: np.ndarray) -> float:
    """Expected calibration error: mean distance of confidence from accuracy over bins of like confidence.

    The bins hold the same number of answers each, rather than the same width: with high accuracy nearly all
    answers would fall into the last of ten equal widths.
    """
    order = np.argsort(confidence, kind="stable")
    bins = [part for part in np.array_split(order, min(BINS, len(order))) if len(part)]
    apart = [len(part) * abs(float(confidence[part].mean()) - float(right[part].mean())) for part in bins]
    return sum(apart) / len(order) if bins else 0.0
