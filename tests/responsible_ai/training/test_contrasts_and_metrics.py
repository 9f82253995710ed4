"""Written rows keep their sides and labels; figures of merit agree with scikit-learn."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

DATA = Path(__file__).parents[4] / "shared" / "data" / "rai"
SEED_OF_TRAINING = 20261128


@pytest.fixture(scope="module")
def written() -> list[Any]:
    import augment_harm

    return augment_harm.rows(3)


def test_rows_are_the_same_for_a_seed_and_each_text_comes_once(written: list[Any]) -> None:
    import augment_harm

    again = augment_harm.rows(3)
    assert [row.text for row in again] == [row.text for row in written]
    assert len({row.text for row in written}) == len(written) > 3_500
    assert {row.text for row in augment_harm.rows(4)} != {row.text for row in written}


def test_a_template_stays_on_one_side(written: list[Any]) -> None:
    sides: dict[str, set[str]] = {}
    for row in written:
        sides.setdefault(row.about["group"], set()).add(row.split)
    assert all(len(one) == 1 for one in sides.values())
    shares = Counter(row.split for row in written)
    assert 0.05 < shares["validation"] / len(written) < 0.2


def test_no_open_place_is_left_and_labels_imply_each_other(written: list[Any]) -> None:
    from prudent_responsible_ai.text_encoder import ATTACKS, HARMS, LABELS

    columns = {name: LABELS.index(name) for name in LABELS}
    for row in written:
        assert not set("{}[]|") & set(row.text), row.id
        assert (row.labels[[columns[name] for name in ATTACKS]] == 0).all()
        if any(row.labels[columns[name]] == 1 for name in HARMS[:5]):
            assert row.labels[columns["unsafe"]] == 1
        if row.labels[columns["hate"]] == 1:
            assert row.labels[columns["offensive"]] == 1


def test_every_group_of_people_also_stands_in_harmless_rows(written: list[Any]) -> None:
    """Else the classifier learns that to speak of them is hate."""
    import augment_harm

    from prudent_responsible_ai.text_encoder import LABELS

    slots = next(one.slots for one in augment_harm.templates() if one.file == "hate_en")
    hate = LABELS.index("hate")
    harmless = " ".join(row.text.lower() for row in written if row.labels[hate] == 0)
    assert [group for group in slots["groups"] if group.lower() not in harmless] == []


@pytest.mark.skipif(not DATA.is_dir(), reason="the labelled data is not here")
def test_no_written_row_stands_in_a_test_set() -> None:
    import augment_harm
    from rows import plain

    tested: set[str] = set()
    for file in DATA.glob("safety*.jsonl.gz"):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            tested |= {plain(json.loads(line)["text"]) for line in lines if '"split": "test"' in line}
    assert len(tested) > 10_000
    assert [row.id for row in augment_harm.rows(SEED_OF_TRAINING) if plain(row.text) in tested] == []


_LABELS = arrays(np.float32, 40, elements=st.sampled_from([0.0, 1.0, np.nan]))
_SCORES = arrays(np.float64, 40, elements=st.integers(0, 12).map(lambda value: value / 12))


@settings(max_examples=30, deadline=None)
@given(_LABELS, _SCORES)
def test_areas_are_those_of_scikit_learn(labels: np.ndarray, scores: np.ndarray) -> None:
    import metrics
    from sklearn.metrics import average_precision_score, roc_auc_score

    there = ~np.isnan(labels)
    if len(set(labels[there])) < 2:
        return
    assert metrics.auroc(labels, scores) == pytest.approx(roc_auc_score(labels[there], scores[there]))
    precision = average_precision_score(labels[there], scores[there])
    assert metrics.average_precision(labels, scores) == pytest.approx(precision)


@settings(max_examples=30, deadline=None)
@given(_LABELS, _SCORES)
def test_no_threshold_does_better_than_the_best(labels: np.ndarray, scores: np.ndarray) -> None:
    import metrics

    best = metrics.threshold_of_best_f1(labels, scores)
    exact = metrics.threshold_of_best_accuracy(labels, scores)
    for other in np.unique(scores):
        if (labels == 1).any():
            assert metrics.f1(labels, scores, best) >= metrics.f1(labels, scores, other)
        if not np.isnan(labels).all():
            assert metrics.accuracy(labels, scores, exact) >= metrics.accuracy(labels, scores, other)


@settings(max_examples=30, deadline=None)
@given(_LABELS, _SCORES)
def test_a_steady_threshold_is_nearly_the_best_one(labels: np.ndarray, scores: np.ndarray) -> None:
    import metrics

    best = metrics.f1(labels, scores, metrics.threshold_of_best_f1(labels, scores))
    assert metrics.steady_threshold(labels, scores, 0.0) >= 0
    if (labels == 1).any():
        candidates = np.unique(scores[~np.isnan(labels)])
        steady = metrics.steady_threshold(labels, scores, 1.0)
        assert steady == np.median(candidates)
        assert metrics.f1(labels, scores, steady) <= best


@settings(max_examples=30, deadline=None)
@given(_SCORES, st.floats(0, 0.99))
def test_a_threshold_of_a_rate_keeps_it(scores: np.ndarray, rate: float) -> None:
    import metrics

    assert (scores >= metrics.threshold_of_rate(scores, rate)).mean() <= rate


def test_calibration_error_is_nought_where_scores_are_shares() -> None:
    import metrics

    scores = np.repeat([0.25, 0.75], 400)
    labels = np.concatenate([np.tile([1, 0, 0, 0], 100), np.tile([1, 1, 1, 0], 100)]).astype(np.float32)
    assert metrics.calibration_error(labels, scores) == pytest.approx(0)
    assert metrics.calibration_error(1 - labels, scores) == pytest.approx(0.5)
