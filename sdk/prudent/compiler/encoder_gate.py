"""How far an encoder's vectors are from float32: cosines, nearest texts, the order of all others.

Pure numpy: it knows vectors and limits, not where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.readers.weights import FloatArray
from prudent.errors import AccuracyGateError
from prudent.runtime.artifact import EncoderAccuracy


@dataclass(frozen=True, slots=True)
class EncoderLimits:
    """What a target promises; every figure must be above its limit (see `EncoderAccuracy`)."""

    mean_cosine: float = 0.99
    min_cosine: float = 0.98
    nearest_agreement: float = 0.9
    rank_correlation: float = 0.97

    def hold(self, accuracy: EncoderAccuracy) -> bool:
        """Whether the measured accuracy keeps the promise."""
        return (
            accuracy.mean_cosine > self.mean_cosine
            and accuracy.min_cosine > self.min_cosine
            and accuracy.nearest_agreement > self.nearest_agreement
            and accuracy.rank_correlation > self.rank_correlation
        )

    def broken(self, accuracy: EncoderAccuracy, model: str) -> AccuracyGateError:
        """The error for a model that does not keep it."""
        return AccuracyGateError(
            f"{model} at int8 is too far from float32: cosine {accuracy.mean_cosine:.4f} in the mean"
            f" (limit {self.mean_cosine:g}) and {accuracy.min_cosine:.4f} at least (limit"
            f" {self.min_cosine:g}), nearest texts {accuracy.nearest_agreement:.1%} the same (limit"
            f" {self.nearest_agreement:.0%}), rank correlation {accuracy.rank_correlation:.4f} (limit"
            f" {self.rank_correlation:g}).",
            hint="Use a weight file of higher precision, or compile to the float32 target.",
            details={"accuracy": accuracy.model_dump()},
        )


def compare_vectors(
    reference: FloatArray, candidate: FloatArray, queries: int, calibration_sha256: str
) -> EncoderAccuracy:
    """Compare vectors of the same texts: (texts, size) each, of length 1.

    The first `queries` texts are queries, the others passages, at least two of each: every text ranks those
    of the other kind.
    """
    cosines = np.einsum("td,td->t", reference, candidate)
    nearest: list[NDArray[np.bool_]] = []
    correlations: list[NDArray[np.float64]] = []
    first, second = (vectors[:queries] @ vectors[queries:].T for vectors in (reference, candidate))
    for one, other in ((first, second), (first.T, second.T)):
        nearest.append(one.argmax(-1) == other.argmax(-1))
        correlations.append(_spearman(one, other))
    return EncoderAccuracy(
        mean_cosine=float(cosines.mean()),
        min_cosine=float(cosines.min()),
        nearest_agreement=float(np.concatenate(nearest).mean()),
        rank_correlation=float(np.concatenate(correlations).mean()),
        texts=len(reference),
        calibration_sha256=calibration_sha256,
    )


def _spearman(first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
    """Rank correlation of each row: 1 - 6 sum d^2 / (n^3 - n)."""
    ranks = [rows.argsort(-1).argsort(-1).astype(np.float64) for rows in (first, second)]
    count = first.shape[-1]
    return 1.0 - 6.0 * np.square(ranks[0] - ranks[1]).sum(-1) / (count**3 - count)
