"""Intervals against published examples, scores against scikit-learn, calibration against what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from prudent.capabilities.classifiers.calibration import calibration_error, fit_temperature
from prudent.capabilities.classifiers.head import softmax
from prudent.capabilities.classifiers.measures import class_scores, confusion, difference, wilson
from prudent.capabilities.classifiers.reporting import Answers


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_newcombes_table(hits, count, low, high):
    """Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3."""
    found = wilson(hits, count)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_intervals_of_gaps_are_newcombes_table(first, second, low, high):
    """Newcombe 1998, Interval estimation for the difference between independent proportions, method 10."""
    found = difference(wilson(*first), wilson(*second))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_scores_of_classes_are_scikit_learns():
    random = np.random.default_rng(0)
    truth, said = random.integers(0, 4, 200), random.integers(0, 4, 200)
    expected = precision_recall_fscore_support(truth, said)
    for at, scores in enumerate(class_scores(confusion(truth, said, 4))):
        assert scores.precision is not None
        found = (scores.precision.value, scores.recall.value, scores.f1, scores.count)
        assert found == pytest.approx(tuple(column[at] for column in expected))


def test_a_class_that_is_never_answered_has_no_precision():
    never = class_scores(confusion(np.array([0, 1]), np.array([0, 0]), 2))[1]
    assert (never.precision, never.recall.value, never.f1) == (None, 0.0, 0.0)


def test_temperature_takes_back_what_scores_exaggerate():
    random = np.random.default_rng(1)
    scores = 2 * random.standard_normal((4000, 3))
    truth = np.array([random.choice(3, p=row) for row in softmax(scores)])
    assert fit_temperature(3 * scores, truth) == pytest.approx(3, rel=0.1)
    honest, loud = softmax(scores), softmax(3 * scores)
    right = scores.argmax(axis=1) == truth
    assert calibration_error(honest.max(axis=1), right) < 0.03
    assert calibration_error(loud.max(axis=1), right) > 0.08


def test_a_few_right_answers_promise_no_certainty():
    scores = np.eye(3)[[0, 1, 2] * 3] * 10
    truth = np.array([0, 1, 2] * 3)
    assert softmax(scores / fit_temperature(scores, truth)).max() < 0.95


def _answers(right: list[bool], confidence: float = 0.9) -> Answers:
    rows = [[confidence, 1 - confidence] if one else [1 - confidence, confidence] for one in right]
    return Answers(np.array(rows), np.zeros(len(right), np.int64), ["yes", "no"])


def test_groups_are_compared_and_small_ones_are_not():
    right = [True] * 58 + [False] * 2 + [True] * 30 + [False] * 30 + [False] * 5
    groups = ["north"] * 60 + ["south"] * 60 + ["island"] * 5
    reports = {one.group: one for one in _answers(right).group_reports(groups, 0.5)}
    assert reports["south"].verdict == "worse"
    assert reports["north"].verdict == "better"
    assert reports["island"].verdict == "too small"
    assert reports["south"].gap.low < -58 / 65 + 0.5 < reports["south"].gap.high < 0
    warnings = _answers(right).warnings(list(reports.values()))
    assert any("'south'" in line for line in warnings)
    assert any("Too few rows to compare: group 'island'" in line for line in warnings)


def test_groups_that_do_not_differ_are_not_said_to():
    right = [True] * 55 + [False] * 5 + [True] * 53 + [False] * 7
    reports = _answers(right).group_reports(["a"] * 60 + ["b"] * 60, 0.5)
    assert [one.verdict for one in reports] == ["cannot tell", "cannot tell"]


def test_confident_contradictions_are_the_doubtful_rows():
    answers = _answers([True, False, True, False])
    assert [(one.row, one.label, one.suggested) for one in answers.doubtful_rows([10, 11, 12, 13])] == [
        (11, "yes", "no"),
        (13, "yes", "no"),
    ]
    assert _answers([True, False], confidence=0.7).doubtful_rows([1, 2]) == []
