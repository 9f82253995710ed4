"""From a probability to a severity of 0-7. Knows no labels and no policy."""

from __future__ import annotations

from dataclasses import dataclass

_STEP = 2
"""Severities of a band: 2-3 low, 4-5 medium, 6-7 high, as Azure names them."""

MEDIUM = 4
"""The severity at which a text is flagged where a rule says nothing else."""
NEVER = 8
"""A severity that no finding has."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities, rising, at which a finding becomes low, medium and high.

    `medium` is where a text is flagged when a rule says nothing else.
    """

    low: float
    medium: float
    high: float


def severity_of(score: float, thresholds: Thresholds) -> int:
    """0 below `low`; then 2 to 7, the odd number in the upper half of a band."""
    bounds = (thresholds.low, thresholds.medium, thresholds.high, 1.0)
    band = sum(score >= bound for bound in bounds[:-1])
    if band == 0:
        return 0
    lower, upper = bounds[band - 1], bounds[band]
    return band * _STEP + int(score >= (lower + upper) / 2)
