"""Labels for collected proposals, and logistic regression on them. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bfcl.questions import Json, Question
from bfcl.scoring import acceptable

Signals = dict[str, float | None]
Labelled = tuple[list[Signals], list[int]]

FIT = ("margin", "best_similarity", "words", "grounded", "least_grounded", "gain", "free_of_arguments")
FIT_FOREIGN = ("margin", "best_similarity", "grounded", "least_grounded")
FIT_UNAIDED = ("words", "grounded", "least_grounded", "gain", "free_of_arguments")
WANTED = ("goes_on", "grounded", "wholly_grounded", "boolean_mentioned", "confidence")
FOLLOWS = (
    "goes_on", "calls", "fresh_grounded", "fresh_least", "grounded", "gain", "uncovered_share", "new_tool",
    "share", "name_words", "description_words",
)  # fmt: skip


def fit_labels(collected: Sequence[tuple[Question, list[Json]]]) -> Labelled:
    """Of each question's first proposal: does a tool fit?"""
    return [rows[0]["fit"] for _, rows in collected], [int(bool(q.truth)) for q, _ in collected]


def follow_labels(collected: Sequence[tuple[Question, list[Json]]]) -> Labelled:
    """Of each later proposal: does the answer have another call? One that repeats is never made."""
    signals: list[Signals] = []
    labels: list[int] = []
    for question, rows in collected:
        for index, row in enumerate(rows[1:], start=1):
            if not row["repeated"]:
                signals.append(row["signals"])
                labels.append(int(index < len(question.truth)))
    return signals, labels


def wanted_labels(collected: Sequence[tuple[Question, list[Json]]]) -> Labelled:
    """Of each optional argument proposed: is the answer right only with it, or only without?"""
    signals: list[Signals] = []
    labels: list[int] = []
    for question, rows in collected:
        left = list(question.truth)
        for row in rows[: len(question.truth)]:
            expected = _nearest(question, row, left)
            if expected is None:
                continue
            left.remove(expected)
            properties = _properties(question, row["name"])
            for name, (value, own) in row["judged"].items():
                if own["is_default"]:
                    continue  # left out by rule
                options = expected[row["name"]].get(name)
                given = options is not None and acceptable(
                    value, properties[name], [o for o in options if o != ""]
                )
                left_out = options is None or "" in options
                if given != left_out:
                    signals.append(own)
                    labels.append(int(given))
    return signals, labels


def _nearest(question: Question, row: Json, left: list[Json]) -> Json | None:
    """Of the expected calls that are left, the one of this tool that most required arguments agree with."""
    fitting = [expected for expected in left if row["name"] in expected]
    if not fitting:
        return None
    properties = _properties(question, row["name"])

    def agreement(expected: Json) -> int:
        options = expected[row["name"]]
        return sum(
            acceptable(value, properties[name], options[name])
            for name, value in row["arguments"].items()
            if name in options and name in properties
        )

    return max(fitting, key=agreement)


def _properties(question: Question, name: str) -> Json:
    function = next(function for function in question.functions if function["name"] == name)
    return function["parameters"]["properties"]


def regress(
    signals: list[Signals],
    labels: list[int],
    names: Sequence[str],
    *,
    ridge: float,
    counts: NDArray[np.float64] | None = None,
) -> Json:
    """Weights of standardised signals as `prudent.capabilities.tools.logistic` reads them.

    A large `ridge` spreads the weight over signals that say the same, so that none is leant on alone. What it
    takes from the size of all weights is given back as the held-out questions ask for it. `counts` says how
    often each question counts; None is once.
    """
    raw, mean, scale = _matrix(signals, names)
    counts = np.ones(len(labels)) if counts is None else counts
    weights = _solve(raw, np.array(labels, float), ridge, counts)
    shift, slope = _stretch(raw, labels, ridge, counts)
    return {
        "bias": round(float(shift + slope * weights[0]), 4),
        "threshold": 0.5,
        "signals": {
            name: {
                "mean": round(float(m), 5),
                "scale": round(float(s), 5),
                "weight": round(float(slope * w), 4),
            }
            for name, m, s, w in zip(names, mean, scale, weights[1:], strict=True)
        },
    }


def cross_validated(
    signals: list[Signals],
    labels: list[int],
    names: Sequence[str],
    *,
    ridge: float,
    counts: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The probability of each, from weights fitted on the other folds."""
    raw, _, _ = _matrix(signals, names)
    counts = np.ones(len(labels)) if counts is None else counts
    shift, slope = _stretch(raw, labels, ridge, counts)
    return _logistic(shift + slope * _held_out(raw, labels, ridge, counts))


def _stretch(
    raw: NDArray[Any], labels: list[int], ridge: float, counts: NDArray[np.float64]
) -> tuple[float, float]:
    held = _held_out(raw, labels, ridge, counts)
    shift, slope = _solve(held[:, None], np.array(labels, float), 1e-3, counts)
    return float(shift), float(slope)


def _held_out(
    raw: NDArray[Any], labels: list[int], ridge: float, counts: NDArray[np.float64], folds: int = 10
) -> NDArray[np.float64]:
    """The sum of weighted signals of each, from weights fitted on the other folds."""
    truth = np.array(labels, float)
    order = np.random.default_rng(0).permutation(len(truth))
    out = np.zeros(len(truth))
    for fold in range(folds):
        held = order[fold::folds]
        rest = np.setdiff1d(order, held)
        weights = _solve(raw[rest], truth[rest], ridge, counts[rest])
        out[held] = weights[0] + raw[held] @ weights[1:]
    return out


def area(labels: Sequence[int], probabilities: NDArray[np.float64]) -> float:
    """Area under the ROC curve."""
    truth = np.array(labels)
    yes, no = probabilities[truth == 1], probabilities[truth == 0]
    above = (yes[:, None] > no[None]).mean() + 0.5 * (yes[:, None] == no[None]).mean()
    return float(above)


def threshold(labels: Sequence[int], probabilities: NDArray[np.float64], *, misses: float) -> float:
    """Where no more than this share of the yes is taken for no."""
    return float(np.quantile(probabilities[np.array(labels) == 1], misses))


def _matrix(signals: list[Signals], names: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    raw = np.array([[np.nan if row.get(n) is None else row[n] for n in names] for row in signals], float)
    mean, scale = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
    scale[scale < 1e-6] = 1.0
    return np.nan_to_num((raw - mean) / scale), mean, scale


def _solve(raw: NDArray[Any], labels: NDArray[Any], ridge: float, counts: NDArray[Any]) -> NDArray[Any]:
    """Newton's method; the bias is not held down."""
    inputs = np.column_stack([np.ones(len(raw)), raw])
    weights = np.zeros(inputs.shape[1])
    holding = np.eye(len(weights)) * ridge
    holding[0, 0] = 1e-6
    for _ in range(50):
        given = _logistic(inputs @ weights)
        slope = inputs.T @ (counts * (labels - given)) - holding @ weights
        curve = (inputs.T * (counts * given * (1 - given))) @ inputs + holding
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def _logistic(value: NDArray[Any]) -> NDArray[Any]:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
