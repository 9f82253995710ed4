"""What a head would say of rows that it has not seen: scores out of fold, and the settings chosen by them.

Nothing that a row's measured answer rests on has seen the row's fold: not the head, and not the choice of
strength, weighting and temperature, which are made anew for each fold from the scores of the others. Knows
no text and no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from prudent.capabilities.classifiers.calibration import cross_entropy, fit_temperature
from prudent.capabilities.classifiers.head import (
    Floats,
    Head,
    Indices,
    Scaling,
    balanced,
    fit_head,
    log_softmax,
    softmax,
)

STRENGTHS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5)
"""Of the L2 penalty, strongest first: each fit begins where the one before ended."""

_PATIENCE = 2
"""Weaker strengths are not tried once this many in a row were worse."""

UNEVEN = 1.5
"""From this ratio of the largest class to the smallest, equal weights of classes are tried too."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a head is fitted. `even` gives every class the same weight, whatever its size."""

    strength: float
    even: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best setting, its temperature, and what was measured.

    `probabilities` (n, classes) are those of rows out of fold, each with the setting and the temperature that
    the other folds chose.
    """

    setting: Setting
    temperature: float
    probabilities: Floats


def cross_validate(
    vectors: Floats,
    classes: Indices,
    count: int,
    folds: Indices,
    *,
    on_fold: Callable[[], None] | None = None,
) -> Chosen:
    """Choose a setting and measure it. `on_fold` is called after each of the folds."""
    evens = [False, True] if _uneven(classes, count) else [False]
    scores: dict[Setting, Floats] = {}
    numbers = [int(fold) for fold in np.unique(folds)]
    for fold in numbers:
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        scaling = Scaling.of(vectors[inside])
        known, new = scaling(vectors[inside]), scaling(vectors[outside])
        for even in evens:
            for setting, head in _path(known, classes[inside], new, classes[outside], count, even):
                row = scores.setdefault(setting, np.full((len(classes), count), np.nan))
                row[outside] = head.scores(new)
        if on_fold is not None:
            on_fold()
    whole = {setting: row for setting, row in scores.items() if not np.isnan(row).any()}
    probabilities = np.empty((len(classes), count))
    for fold in numbers:
        others, own = folds != fold, folds == fold
        setting, temperature = _choose(whole, classes, others)
        probabilities[own] = softmax(whole[setting][own] / temperature)
    setting, temperature = _choose(whole, classes, np.ones(len(classes), bool))
    return Chosen(setting, temperature, probabilities)


def fit_whole(vectors: Floats, classes: Indices, count: int, setting: Setting) -> tuple[Scaling, Head]:
    """The head of all rows."""
    scaling = Scaling.of(vectors)
    importance = balanced(classes, count) if setting.even else np.ones(len(classes))
    head = fit_head(scaling(vectors), classes, count, strength=setting.strength, importance=importance)
    return scaling, head


def _path(
    known: Floats, classes: Indices, new: Floats, truth: Indices, count: int, even: bool
) -> Iterator[tuple[Setting, Head]]:
    """Heads from the strongest penalty on; weaker ones not once they have only got worse."""
    importance = balanced(classes, count) if even else np.ones(len(classes))
    best, worse, head = np.inf, 0, None
    for strength in STRENGTHS:
        head = fit_head(known, classes, count, strength=strength, importance=importance, start=head)
        yield Setting(strength, even), head
        loss = cross_entropy(log_softmax(head.scores(new)), truth)
        worse = 0 if loss < best else worse + 1
        best = min(best, loss)
        if worse > _PATIENCE:
            return


def _choose(scores: dict[Setting, Floats], classes: Indices, rows: np.ndarray) -> tuple[Setting, float]:
    """The setting that does best on the rows, and its temperature.

    Of each weighting the strength with the least cross-entropy at its own temperature; of the two
    weightings the one with the higher mean recall of the classes.
    """
    truth = classes[rows]
    found: dict[bool, tuple[float, Setting, float]] = {}
    for setting, of_setting in scores.items():
        temperature = fit_temperature(of_setting[rows], truth)
        loss = cross_entropy(log_softmax(of_setting[rows] / temperature), truth)
        if setting.even not in found or loss < found[setting.even][0]:
            found[setting.even] = (loss, setting, temperature)
    best = max(found.values(), key=lambda one: _mean_recall(scores[one[1]][rows], truth))
    return best[1], best[2]


def _mean_recall(scores: Floats, truth: Indices) -> float:
    said = scores.argmax(axis=1)
    recalls: list[float] = [float((said[truth == label] == label).mean()) for label in set(truth.tolist())]
    return sum(recalls) / len(recalls)


def _uneven(classes: Indices, count: int) -> bool:
    sizes = np.bincount(classes, minlength=count)
    return bool(sizes.max() > UNEVEN * sizes.min())
