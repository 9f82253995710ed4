"""Fits the weights of words and runs of characters that stand beside the encoder; minutes on one core.

    python responsible_ai/training/fit_ngrams.py DATA E5FILE [--out FOLDER]

It learns from the rows of the train split, weighed as for the encoder, and from all of those of the large
sources; how far it is trusted beside the encoder is fitted by publish.py on validation rows. Needs
`prudent[train]`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from examples import labelled
from numpy.typing import NDArray
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from prudent.compiler.readers import open_weights
from prudent.tokenizer.encoder_tokenizers import read_tokenizer
from prudent_responsible_ai.encoder.ngrams import BITS, packed, places_of
from prudent_responsible_ai.text_encoder import LABELS

INVERSE_PENALTY = 16.0
"""C of the logistic regressions; of 1, 4 and 16 the best average precision on validation windows."""
_TOLERANCE = 0.1
_SEED = 20261128


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--out", type=Path, default=Path("responsible_ai/prudent_responsible_ai/weights"))
    asked = parser.parse_args()
    with closing(open_weights(asked.base)) as file:
        _, tokenizer = read_tokenizer(file.metadata)
    learnt, _ = labelled(asked.data, tokenizer, thinned=False)
    found = features([window.text for window in learnt.windows])
    rarity = rarity_of(found)
    weighted = _normed(found, rarity)
    labels = np.stack([window.labels for window in learnt.windows])
    weights = np.zeros((1 << BITS, len(LABELS)), np.float32)
    intercepts = np.zeros(len(LABELS), np.float32)
    for column, name in enumerate(LABELS):
        began = time.monotonic()
        weights[:, column], intercepts[column] = _fitted(
            weighted, labels[:, column], learnt.weights[:, column]
        )
        sys.stdout.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    path = asked.out / "ngrams.safetensors"
    save_file(packed(weights, intercepts, rarity), str(path))
    path.chmod(0o644)


def features(texts: Sequence[str]) -> Any:
    """(texts, places): 1 where a text has an n-gram of that place."""
    places = [places_of(text) for text in texts]
    indices = np.concatenate(places).astype(np.int32)
    starts = np.cumsum([0, *map(len, places)])
    ones = np.ones(len(indices), np.float32)
    return sparse.csr_matrix((ones, indices, starts), shape=(len(texts), 1 << BITS))


def rarity_of(found: Any) -> NDArray[np.float32]:
    """Inverse document frequency of each place, smoothed as in scikit-learn."""
    counts = np.bincount(found.indices, minlength=1 << BITS)
    return (np.log((1 + found.shape[0]) / (1 + counts)) + 1).astype(np.float32)


def _normed(found: Any, rarity: NDArray[np.float32]) -> Any:
    """Rows of length 1, rare places counting more."""
    scaled = found.copy()
    scaled.data = rarity[scaled.indices]
    lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(lengths, 1e-9)) @ scaled).tocsr()


def _fitted(
    found: Any, labels: NDArray[np.float32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Weights and intercept for one label, both of its sides counting alike."""
    known = np.flatnonzero(~np.isnan(labels))
    truth, counted = labels[known], weights[known].astype(np.float64)
    for side in (0, 1):
        counted[truth == side] *= len(known) / 2 / counted[truth == side].sum()
    model = LogisticRegression(
        C=INVERSE_PENALTY, solver="liblinear", dual=True, tol=_TOLERANCE, max_iter=60, random_state=_SEED
    )
    model.fit(found[known], truth, sample_weight=counted)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


if __name__ == "__main__":
    main()
