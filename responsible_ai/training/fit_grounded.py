"""Fits the weights of the signs of support: which of them tell that documents do not support a sentence.

    python responsible_ai/training/fit_grounded.py DATA [--without-encoder] [--out FILE]

Fitted on train rows, thresholds set on validation rows (a tenth, drawn by context); no test row is read. To
be run again whenever the encoder's weights change, since its opinion is one of the signs.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from grounded_rows import GroundedRow, grounded_rows
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from prudent_responsible_ai.encoder.loading import open_text_encoder
from prudent_responsible_ai.grounding.judge import (
    ENCODER_SIGNS,
    FARTHEST,
    SIGNS,
    TIMES,
    GroundedWeights,
    Shape,
    ShapeWeights,
    encoder_signs,
    evidence_of,
    pair_of,
    shape_of,
)
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.text_encoder import TextEncoder

OUT = Path(__file__).parents[1] / "prudent_responsible_ai" / "weights" / "grounded.json"
FALSE_POSITIVES = {"low": 0.2, "medium": 0.1, "high": 0.03}
"""Shares of the supported validation rows that a band may flag."""
SHARES = {
    "fever_symmetric": 3.0,
    "q2_wow": 2.0,
    "cmrc2018_qa": 2.0,
    "xquad_qa": 2.0,
    "begin_wow": 1.0,
    "uhgeval": 0.5,
    "halueval_qa": 0.3,
}
"""How much a source counts, however many rows it has: most where word overlap does not decide."""
MOST_ROWS = 1_000
_SEED = 20261128
_REGULARIZATION = 0.003
"""C. At 0.03 FEVER gains a hundredth of AUROC (five folds of train and validation rows), and a sentence that
stands in the document word for word can be called unsupported."""
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Signs:
    """Rows of one shape: signs (rows, signs), labels (1 not supported), sources, and which to learn from."""

    values: NDArray[np.float64]
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]
    learnt: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--without-encoder", action="store_true")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    rows = [row for row in grounded_rows(asked.data) if row.split != "test" and row.source in SHARES]
    rows = drawn(rows, dict.fromkeys(SHARES, MOST_ROWS))
    encoder = None if asked.without_encoder else open_text_encoder()
    shapes = {
        shape: fitted(signs, shape, encoder is not None) for shape, signs in signs_of(rows, encoder).items()
    }
    weights = GroundedWeights(
        shapes=shapes,
        encoder_sha256=encoder.model_hash if encoder else None,
        rows=dict(Counter(row.source for row in rows)),
        data_sha256={
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(asked.data.glob("grounded*.jsonl.gz"))
        },
    )
    asked.out.write_text(weights.model_dump_json(indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{weights.model_dump_json(indent=1)}\n")


def drawn(rows: Sequence[GroundedRow], most: Mapping[str, int], seed: int = _SEED) -> list[GroundedRow]:
    """At most so many of each source, by chance; none of one that is not in `most`."""
    seen: Counter[str] = Counter()
    kept: list[GroundedRow] = []
    for index in np.random.default_rng(seed).permutation(len(rows)):
        row = rows[index]
        seen[row.source] += 1
        if seen[row.source] <= most.get(row.source, 0):
            kept.append(row)
    return kept


def signs_of(rows: Sequence[GroundedRow], encoder: TextEncoder | None) -> dict[Shape, Signs]:
    """The signs of rows by shape, with the encoder's where there is one."""
    evidence = [evidence_of(row.response, row.question, Documents([(0, row.context)])) for row in rows]
    values = [one.signs for one in evidence]
    if encoder is not None:
        opinions: list[tuple[float, float]] = []
        for start in range(0, len(evidence), _BATCH):
            pairs = [pair_of(one) for one in evidence[start : start + _BATCH]]
            opinions += [encoder_signs(support) for support in encoder.support(pairs)]
        values = [(*signs, *opinion) for signs, opinion in zip(values, opinions, strict=True)]
    found: dict[Shape, Signs] = {}
    for shape in SIGNS:
        own = [index for index, row in enumerate(rows) if shape_of(row.response, row.question) == shape]
        found[shape] = Signs(
            np.array([values[index] for index in own]),
            np.array([rows[index].label for index in own]),
            np.array([rows[index].source for index in own]),
            np.array([rows[index].split == "train" for index in own]),
        )
    return found


def fitted(signs: Signs, shape: Shape, with_encoder: bool) -> ShapeWeights:
    """A ridge logistic regression over standardised signs and their products, each source by its share."""
    names = (*SIGNS[shape], *(ENCODER_SIGNS if with_encoder else ()))
    learnt = signs.learnt
    mean, scale = signs.values[learnt].mean(0), signs.values[learnt].std(0) + 1e-6
    standard = np.clip((signs.values - mean) / scale, -FARTHEST, FARTHEST)
    pairs = list(combinations_with_replacement(range(len(names)), 2))
    inputs = np.hstack([standard, *(standard[:, [one]] * standard[:, [other]] for one, other in pairs)])
    model = LogisticRegression(C=_REGULARIZATION, max_iter=4_000)
    model.fit(inputs[learnt], signs.labels[learnt], counts(signs.sources[learnt], signs.labels[learnt]))
    scores = model.predict_proba(inputs)[:, 1]
    supported = scores[~learnt & (signs.labels == 0)]
    low, medium, high = (float(np.quantile(supported, 1 - share)) for share in FALSE_POSITIVES.values())
    found = list(map(_rounded, model.coef_[0]))
    return ShapeWeights(
        mean=dict(zip(names, map(_rounded, mean), strict=True)),
        scale=dict(zip(names, map(_rounded, scale), strict=True)),
        weights=dict(zip(names, found[: len(names)], strict=True)),
        products={
            f"{names[one]}{TIMES}{names[other]}": weight
            for (one, other), weight in zip(pairs, found[len(names) :], strict=True)
        },
        intercept=_rounded(model.intercept_[0]),
        low=_rounded(low),
        medium=_rounded(max(medium, low + 0.001)),
        high=_rounded(min(0.999, max(high, medium + 0.002))),
    )


def counts(sources: NDArray[np.str_], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each row counts: its source's share, halved between its labels; 1 on average."""
    found = np.zeros(len(sources))
    for source in set(sources.tolist()):
        for label in (0, 1):
            own = (sources == source) & (labels == label)
            found[own] = SHARES[source] / max(1, own.sum())
    return found * len(found) / found.sum()


def _rounded(value: float) -> float:
    return round(float(value), 5)


if __name__ == "__main__":
    main()
