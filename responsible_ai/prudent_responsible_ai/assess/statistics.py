"""Intervals for shares and for differences between shares. Knows nothing of what is counted.

Wilson's score interval; Newcombe's hybrid score intervals for two independent shares (1998, Statistics in
Medicine 17, method 10 of "Interval estimation for the difference between independent proportions") and for
paired ones (the same volume, method 10 of "Improved confidence intervals ... based on paired data").
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

Z_95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""
MINIMUM = 10
"""Below this many observations nothing is said about a difference."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; shares are 0-1, differences -1 to 1."""

    value: float
    low: float
    high: float


def wilson(hits: int, n: int, z: float = Z_95) -> Interval:
    """The share of hits among n. Without observations anything is possible: 0 to 1.

    Raises:
        ValueError: not 0 <= hits <= n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}")
    if n == 0:
        return Interval(0.0, 0.0, 1.0)
    share, z2 = hits / n, z**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(share, 0.0 if hits == 0 else centre - half, 1.0 if hits == n else centre + half)


def newcombe(hits: int, n: int, other_hits: int, other_n: int, z: float = Z_95) -> Interval:
    """The first share less the second, of two groups that have nothing to do with each other."""
    one, two = wilson(hits, n, z), wilson(other_hits, other_n, z)
    return _hybrid(one, two, 0.0)


def z_of_pairs(groups: int) -> float:
    """The quantile for the widest of all pairs of so many groups (Bonferroni), two-sided 95 % together."""
    return NormalDist().inv_cdf(1 - 0.025 / max(1, groups * (groups - 1) // 2))


def newcombe_paired(both: int, first: int, second: int, neither: int) -> Interval:
    """The first share less the second, where each observation is a pair: one question, two groups.

    `both` counts pairs in which both are hits, `first` those in which only the first is, and so on.
    """
    n = both + first + second + neither
    one, two = wilson(both + first, n), wilson(both + second, n)
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins == 0:
        return _hybrid(one, two, 0.0)
    cross = both * neither - first * second
    corrected = max(cross - n / 2, 0.0) if cross > 0 else float(cross)
    return _hybrid(one, two, corrected / sqrt(margins))


def _hybrid(one: Interval, two: Interval, correlation: float) -> Interval:
    value = one.value - two.value
    below, above = one.value - one.low, two.high - two.value
    low = value - sqrt(max(below**2 - 2 * correlation * below * above + above**2, 0.0))
    below, above = one.high - one.value, two.value - two.low
    high = value + sqrt(max(below**2 - 2 * correlation * below * above + above**2, 0.0))
    return Interval(value, max(low, -1.0), min(high, 1.0))


def can_tell(interval: Interval, n: int) -> bool:
    """Whether a difference is shown: enough observations, and an interval that leaves out zero."""
    return n >= MINIMUM and (interval.low > 0 or interval.high < 0)
