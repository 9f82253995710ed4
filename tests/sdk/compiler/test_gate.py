"""The accuracy figures, against their definitions, and the gate's verdict."""

from __future__ import annotations

import numpy as np
import pytest

from prudent.compiler.gate import Comparison, Limits
from prudent.runtime.artifact import Accuracy


def accuracy(**change):
    figures = {
        "mean_kl": 0.001,
        "p99_kl": 0.01,
        "greedy_agreement": 0.99,
        "perplexity": 9.0,
        "reference_perplexity": 9.0,
        "tokens": 2000,
        "calibration_sha256": "0" * 64,
    }
    return Accuracy(**{**figures, **change})


def log_softmax(logits):
    logits = logits.astype(np.float64)
    return (
        logits
        - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True))
        - logits.max(-1, keepdims=True)
    )


def test_figures_equal_their_definitions_however_the_text_is_cut():
    random = np.random.default_rng(0)
    reference = (5 * random.standard_normal((50, 300))).astype(np.float32)
    candidate = (reference + 0.3 * random.standard_normal((50, 300))).astype(np.float32)
    text = random.integers(0, 300, 50)
    p, q = log_softmax(reference), log_softmax(candidate)
    kl = (np.exp(p) * (p - q)).sum(-1)
    at = np.arange(49)
    for step in (7, 50):
        comparison = Comparison()
        for start in range(0, 50, step):
            part = slice(start, start + step)
            comparison.add(
                reference[part].copy(), candidate[part].copy(), text[start + 1 : min(50, start + step) + 1]
            )
        got = comparison.accuracy("0" * 64)
        assert got.mean_kl == pytest.approx(kl.mean(), rel=1e-4)
        assert got.p99_kl == pytest.approx(np.quantile(kl, 0.99), rel=1e-4)
        assert got.greedy_agreement == (reference.argmax(-1) == candidate.argmax(-1)).mean()
        assert got.reference_perplexity == pytest.approx(np.exp(-p[at, text[1:]].mean()), rel=1e-5)
        assert got.perplexity == pytest.approx(np.exp(-q[at, text[1:]].mean()), rel=1e-5)
        assert got.tokens == 50


def test_equal_models_have_no_divergence():
    logits = np.random.default_rng(0).standard_normal((9, 100)).astype(np.float32) * 30
    comparison = Comparison()
    comparison.add(logits.copy(), logits.copy(), np.zeros(9, np.int64))
    assert comparison.accuracy("0" * 64).mean_kl == 0.0


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"mean_kl": 0.0101}, False),
        ({"greedy_agreement": 0.949}, False),
        ({"mean_kl": float("nan")}, False),
    ],
)
def test_both_limits_must_hold(change, holds):
    assert Limits().hold(accuracy(**change)) is holds


def test_refusal_says_how_far_and_what_to_do():
    error = Limits().broken(accuracy(mean_kl=0.2), "m")
    assert "0.2000 nats" in error.message
    assert error.hint is not None
    assert "float32" in error.hint


def test_what_was_tuned_on_the_text_has_to_do_better_on_it():
    tight = Limits(mean_kl=0.01, greedy_agreement=0.95).tightened()
    assert tight.mean_kl == pytest.approx(0.005)
    assert tight.greedy_agreement == pytest.approx(0.96)


def test_a_part_of_the_text_may_miss_the_limits_by_half_before_the_rest_is_given_up():
    hopeful = Limits(mean_kl=0.01, greedy_agreement=0.95).hopeful()
    assert hopeful.mean_kl == pytest.approx(0.015)
    assert hopeful.greedy_agreement == pytest.approx(0.925)
