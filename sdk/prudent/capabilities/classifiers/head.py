"""Multinomial logistic regression on vectors: how it is fitted, and what it says of a vector.

Own code rather than scikit-learn: that would bring 167 MB (SciPy included) into an install for one convex
function, which a test holds to scikit-learn's minimum. Knows no text, no image and no cross-validation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.classifiers.descent import Vector, minimise

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Takes the mean off and brings the mean squared length to 1, so that one strength suits any encoder.

    Vectors of e5 share most of their direction (cosines about 0.75 between texts that have nothing in
    common), and the fit takes many more steps with that in.
    """

    mean: Floats
    length: float

    @classmethod
    def of(cls, vectors: Floats) -> Scaling:
        """Fit to vectors (n, size)."""
        mean = vectors.mean(axis=0)
        length = float(np.sqrt(((vectors - mean) ** 2).sum(axis=1).mean()))
        return cls(mean, length or 1.0)

    def __call__(self, vectors: Floats) -> Floats:
        """The vectors, scaled."""
        return (vectors - self.mean) / self.length


@dataclass(frozen=True, slots=True)
class Head:
    """Scores = vectors @ weights + bias: weights (size, classes), bias (classes)."""

    weights: Floats
    bias: Floats

    def scores(self, vectors: Floats) -> Floats:
        """A score for each vector and class (n, classes); their softmax is the probability."""
        return vectors @ self.weights + self.bias


def fit_head(
    vectors: Floats,
    classes: Indices,
    count: int,
    *,
    strength: float,
    importance: Floats,
    start: Head | None = None,
) -> Head:
    """The head with the least weighted mean cross-entropy plus strength / 2 * |weights|^2.

    Args:
        vectors: (n, size), scaled.
        classes: of each vector, 0 <= class < count.
        count: how many classes there are.
        strength: of the L2 penalty; the bias has none.
        importance: (n), the weight of each vector; only ratios matter.
        start: where to begin; the minimum does not depend on it.
    """
    size = vectors.shape[1]
    share = importance / importance.sum()
    rows = np.arange(len(vectors))

    def objective(flat: Vector) -> tuple[float, Vector]:
        head = _unpacked(flat, size, count)
        scores = head.scores(vectors)
        logs = log_softmax(scores)
        loss = -float(share @ logs[rows, classes]) + strength / 2 * float((head.weights**2).sum())
        error = np.exp(logs)
        error[rows, classes] -= 1.0
        error *= share[:, None]
        slope = np.concatenate([(vectors.T @ error + strength * head.weights).ravel(), error.sum(axis=0)])
        return loss, slope

    first = np.zeros((size + 1) * count) if start is None else _packed(start)
    return _unpacked(minimise(objective, first), size, count)


def log_softmax(scores: Floats) -> Floats:
    """Logarithms of the probabilities, along the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    return np.exp(log_softmax(scores))


def balanced(classes: Indices, count: int) -> Floats:
    """Importance (n) with which every class that occurs weighs the same."""
    sizes = np.bincount(classes, minlength=count)
    return len(classes) / (np.count_nonzero(sizes) * sizes[classes].astype(np.float64))


def _packed(head: Head) -> Vector:
    return np.concatenate([head.weights.ravel(), head.bias])


def _unpacked(flat: Vector, size: int, count: int) -> Head:
    return Head(flat[: size * count].reshape(size, count), flat[size * count :])
