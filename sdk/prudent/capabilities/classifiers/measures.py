"""How good out-of-fold answers are: shares with their intervals, precision, recall, confusion, gaps.

Knows no head, no text and no card.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.classifiers.head import Indices

Z95 = 1.959964
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `count` (0-1) and the interval that holds the true one in 95 of 100 cases."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Of one class: its rows, precision (None where it was never the answer), recall and F1."""

    count: int
    precision: Share | None
    recall: Share
    f1: float


def wilson(hits: int, count: int) -> Share:
    """The share hits / count with Wilson's score interval (1927): right for few rows and shares near 1."""
    if count == 0:
        return Share(0.0, 0.0, 1.0, 0)
    value, squared = hits / count, Z95**2
    middle = (value + squared / (2 * count)) / (1 + squared / count)
    spread = Z95 / (1 + squared / count) * math.sqrt(value * (1 - value) / count + squared / (4 * count**2))
    return Share(value, max(0.0, middle - spread), min(1.0, middle + spread), count)


def difference(first: Share, second: Share) -> Share:
    """first - second with Newcombe's interval (1998, method 10), out of Wilson's of the two."""
    gap = first.value - second.value
    low = gap - math.hypot(first.value - first.low, second.high - second.value)
    high = gap + math.hypot(first.high - first.value, second.value - second.low)
    return Share(gap, low, high, first.count + second.count)


def confusion(truth: Indices, said: Indices, count: int) -> NDArray[np.int64]:
    """Counts (true class, said class)."""
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (truth, said), 1)
    return table


def class_scores(table: NDArray[np.int64]) -> list[ClassScores]:
    """The measures of each class of a confusion table."""
    found: list[ClassScores] = []
    for label in range(len(table)):
        hits, real, said = int(table[label, label]), int(table[label].sum()), int(table[:, label].sum())
        precision = wilson(hits, said) if said else None
        f1 = 2 * hits / (real + said) if real + said else 0.0
        found.append(ClassScores(real, precision, wilson(hits, real), f1))
    return found
