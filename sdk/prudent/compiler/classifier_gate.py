"""How far a compiled classifier is from float32: divergence of probabilities, best classes, features.

Pure numpy: it knows outputs and limits, not where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prudent.compiler.readers.weights import FloatArray
from prudent.errors import AccuracyGateError


@dataclass(frozen=True, slots=True)
class ClassifierLimits:
    """What int8 promises on calibration pictures, which are harder than photographs: nothing is on them.

    `mean_kl` is in nats an image; `best_in_top5` the share of images whose best class under float32 is among
    the five best of int8; `feature_cosine` the mean cosine of the features.
    """

    mean_kl: float = 0.10
    best_in_top5: float = 0.90
    feature_cosine: float = 0.95

    def check(self, measures: dict[str, float], model: str) -> None:
        """Raise AccuracyGateError where a promise is broken."""
        if (
            measures["mean_kl"] < self.mean_kl
            and measures["best_in_top5"] > self.best_in_top5
            and measures["feature_cosine"] > self.feature_cosine
        ):
            return
        raise AccuracyGateError(
            f"{model} at int8 is too far from float32: KL {measures['mean_kl']:.4f} (limit {self.mean_kl:g}),"
            f" best class among five {measures['best_in_top5']:.1%} (limit {self.best_in_top5:.0%}), cosine"
            f" of features {measures['feature_cosine']:.4f} (limit {self.feature_cosine:g}).",
            hint="Compile to the float32 target.",
            details={"measures": measures},
        )


def compare_classifiers(
    reference: tuple[FloatArray, FloatArray], candidate: tuple[FloatArray, FloatArray]
) -> dict[str, float]:
    """Compare (logits, features) of the same images: (images, classes) and (images, F) each."""
    expected, found = (_log_softmax(logits) for logits, _ in (reference, candidate))
    divergence = (np.exp(expected) * (expected - found)).sum(axis=-1)
    best = expected.argmax(axis=-1)
    top5 = np.argpartition(-found, 5, axis=-1)[:, :5]
    first, second = (
        features / np.linalg.norm(features, axis=-1, keepdims=True) for _, features in (reference, candidate)
    )
    return {
        "mean_kl": float(divergence.mean()),
        "same_best": float((found.argmax(axis=-1) == best).mean()),
        "best_in_top5": float((top5 == best[:, None]).any(axis=-1).mean()),
        "feature_cosine": float(np.einsum("if,if->i", first, second).mean()),
    }


def _log_softmax(logits: FloatArray) -> FloatArray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
