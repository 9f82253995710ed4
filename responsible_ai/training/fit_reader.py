"""Fits what a chat model's reading weighs beside the signs of support, and which sentences it need not read.

    python responsible_ai/training/fit_reader.py DATA [--model ID] [--opinions FILE] [--out FILE]

On validation rows alone: neither the encoder nor the weights of the signs were fitted on them. No test row
is read. `--opinions` keeps what the chat model said, by a hash of what it was asked: a second fit, after new
weights of the encoder, then takes seconds in place of half an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fit_grounded import FALSE_POSITIVES, OUT, counts, drawn
from grounded_rows import GroundedRow, grounded_rows
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from prudent_responsible_ai.grounding.judge import GroundedWeights, Judge, Judged, Shape, shape_of
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.grounding.reader import Question, Reader
from prudent_responsible_ai.grounding.rereading import (
    Fusion,
    ReaderFit,
    ReaderWeights,
    held,
    log_odds_of,
    question_of,
)
from prudent_responsible_ai.safety_models import shared_models

MODEL = "qwen2.5-coder-1.5b-instruct"
MOST_ROWS = {"fever_symmetric": 80, "q2_wow": 60, "cmrc2018_qa": 50, "xquad_qa": 20}
"""Of the sources where word overlap does not decide; reading takes seconds a row."""
_SEED = 20261129
_PATIENCE = 120.0
_REGULARIZATION = 0.1
UNREAD: dict[Shape, float] = {"claim": 0.0, "answer": 0.2}
"""Share of the rows at each end of the signs' scores that is not read. Of claims a tenth at each end costs
two hundredths of AUROC on FEVER-symmetric (five folds), of answers a fifth costs nothing."""


@dataclass(frozen=True, eq=False)
class Read:
    """Rows of one shape: log-odds by the signs and by the chat model, labels (1 not supported), sources."""

    signs: NDArray[np.float64]
    reader: NDArray[np.float64]
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]

    @property
    def inputs(self) -> NDArray[np.float64]:
        """(rows, 2)."""
        return np.stack([self.signs, self.reader], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--opinions", type=Path)
    parser.add_argument("--out", type=Path, default=OUT.with_name("reader.json"))
    asked = parser.parse_args()
    rows = drawn([row for row in grounded_rows(asked.data) if row.split == "validation"], MOST_ROWS, _SEED)
    weights = GroundedWeights.packaged()
    judge = Judge(weights, shared_models().encoder)
    opinions = Opinions(shared_models().reader(asked.model), asked.model, asked.opinions)
    fit = ReaderFit(
        shapes={
            shape: fusion(read, UNREAD[shape]) for shape, read in read_rows(rows, judge, opinions).items()
        },
        encoder_sha256=weights.encoder_sha256,
        rows=dict(Counter(row.source for row in rows)),
        data_sha256=weights.data_sha256,
    )
    known = ReaderWeights.model_validate_json(asked.out.read_bytes()).models if asked.out.exists() else {}
    written = ReaderWeights(models={**known, asked.model: fit}).model_dump_json(indent=1)
    asked.out.write_text(written + "\n", encoding="utf-8")
    sys.stdout.write(f"{written}\n")


class Opinions:
    """What a chat model says, remembered in a file where there is one."""

    def __init__(self, reader: Reader, model: str, path: Path | None) -> None:
        self._reader = reader
        self._model = model
        self._path = path
        self._known: dict[str, float] = {}
        if path is not None and path.exists():
            self._known = dict(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())

    def of(self, question: Question) -> float:
        """The model's log-odds that the evidence does not support the sentence."""
        key = hashlib.sha256(f"{self._model} {question.message}".encode()).hexdigest()
        if key not in self._known:
            (doubt,) = self._reader.doubts([question], _PATIENCE)
            if doubt is None:
                raise TimeoutError(f"no answer within {_PATIENCE:.0f} s")
            self._known[key] = doubt
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as lines:
                    lines.write(f"{json.dumps([key, doubt])}\n")
        return self._known[key]


def judged_row(judge: Judge, row: GroundedRow) -> tuple[Judged, Documents]:
    """What the signs say of a row."""
    documents = Documents([(0, row.context)])
    return judge.judged([row.response], row.question, documents)[0], documents


def read_rows(rows: Sequence[GroundedRow], judge: Judge, opinions: Opinions) -> dict[Shape, Read]:
    """The rows by shape, each read."""
    found: dict[Shape, list[tuple[float, float, int, str]]] = {"claim": [], "answer": []}
    for row in rows:
        judged, documents = judged_row(judge, row)
        doubt = opinions.of(question_of(judged, documents))
        one = (log_odds_of(judged.score), held(doubt), row.label, row.source)
        found[shape_of(row.response, row.question)].append(one)
    return {
        shape: Read(*(np.array(column) for column in zip(*each, strict=True)))
        for shape, each in found.items()
    }


def fusion(read: Read, unread: float) -> Fusion:
    """A ridge logistic regression, each source by its share, and thresholds on the supported rows."""
    model = LogisticRegression(C=_REGULARIZATION, max_iter=1_000)
    model.fit(read.inputs, read.labels, counts(read.sources, read.labels))
    signs, reader = map(_rounded, model.coef_[0])
    first, last = (_rounded(np.quantile(read.signs, share)) for share in (unread, 1.0 - unread))
    fit = Fusion(
        intercept=_rounded(model.intercept_[0]),
        signs=signs,
        reader=reader,
        from_log_odds=first,
        to_log_odds=last,
        low=0.0,
        medium=0.0,
        high=0.0,
    )
    scores = np.array([score_of(fit, *one) for one in zip(read.signs, read.reader, strict=True)])
    supported = scores[read.labels == 0]
    low, medium, high = (float(np.quantile(supported, 1 - share)) for share in FALSE_POSITIVES.values())
    medium = max(medium, low + 0.001)
    return fit.model_copy(
        update={
            "low": _rounded(low),
            "medium": _rounded(medium),
            "high": _rounded(min(0.999, max(high, medium + 0.001))),
        }
    )


def score_of(fit: Fusion, signs: float, reader: float) -> float:
    """What comes of a row: the signs' own score where they are sure."""
    own = float(1.0 / (1.0 + np.exp(-signs)))
    return fit.probability(own, reader) if fit.doubtful(own) else own


def _rounded(value: float) -> float:
    return round(float(value), 5)


if __name__ == "__main__":
    main()
