"""The head against scikit-learn's, and what must not change it: names of classes, repeated rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from prudent.capabilities.classifiers.descent import minimise
from prudent.capabilities.classifiers.head import Scaling, balanced, fit_head, softmax


@pytest.fixture(scope="module")
def blobs():
    """Three overlapping clouds of different size in 12 dimensions: (vectors, classes)."""
    random = np.random.default_rng(3)
    sizes, centres = (60, 25, 15), random.standard_normal((3, 12))
    vectors = np.concatenate(
        [centre + 1.5 * random.standard_normal((n, 12)) for n, centre in zip(sizes, centres, strict=True)]
    )
    return Scaling.of(vectors)(vectors), np.repeat(np.arange(3), sizes)


@pytest.mark.parametrize("strength", [1e-1, 1e-3])
@pytest.mark.parametrize("even", [False, True])
def test_the_minimum_is_scikit_learns(blobs, strength, even):
    vectors, classes = blobs
    importance = balanced(classes, 3) if even else np.ones(len(classes))
    head = fit_head(vectors, classes, 3, strength=strength, importance=importance)
    peer = LogisticRegression(
        C=1 / (strength * len(classes)), class_weight="balanced" if even else None, tol=1e-8, max_iter=5000
    ).fit(vectors, classes)
    np.testing.assert_allclose(softmax(head.scores(vectors)), peer.predict_proba(vectors), atol=2e-3)


def test_another_order_of_classes_gives_the_same_head_in_that_order(blobs):
    vectors, classes = blobs
    order = np.array([2, 0, 1])
    plain = fit_head(vectors, classes, 3, strength=1e-2, importance=np.ones(len(classes)))
    turned = fit_head(vectors, order[classes], 3, strength=1e-2, importance=np.ones(len(classes)))
    expected = softmax(plain.scores(vectors))
    np.testing.assert_allclose(softmax(turned.scores(vectors))[:, order], expected, atol=1e-3)


def test_doubling_every_row_changes_nothing(blobs):
    vectors, classes = blobs
    once = fit_head(vectors, classes, 3, strength=1e-2, importance=np.ones(len(classes)))
    twice = fit_head(
        np.tile(vectors, (2, 1)), np.tile(classes, 2), 3, strength=1e-2, importance=np.ones(2 * len(classes))
    )
    np.testing.assert_allclose(once.weights, twice.weights, atol=1e-3)


def test_vectors_that_are_all_the_same_are_no_fault():
    scaled = Scaling.of(np.ones((6, 4)))(np.ones((6, 4)))
    head = fit_head(scaled, np.array([0, 0, 0, 0, 1, 1]), 2, strength=1e-2, importance=np.ones(6))
    np.testing.assert_allclose(softmax(head.scores(scaled))[0], [4 / 6, 2 / 6], atol=1e-3)


def test_descent_finds_the_minimum_of_a_narrow_valley():
    scale = np.array([1.0, 1e3])
    found = minimise(
        lambda x: (float(scale @ (x - 2) ** 2) / 2, scale * (x - 2)), np.zeros(2), tolerance=1e-8
    )
    np.testing.assert_allclose(found, [2, 2], atol=1e-6)
