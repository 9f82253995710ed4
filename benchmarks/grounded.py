"""The grounded check's scores on test rows, beside cheap word features fitted on the same train rows.

    python benchmarks/grounded.py [--data FOLDER] [--rows N] [--reader MODEL] [--keep]

Ours are the packaged weights, one fit for all sources. The peer is a logistic regression over seven features
of word overlap, fitted anew for each source, which is easier. FEVER-symmetric, Q2 and CMRC count; in the
others word overlap alone decides. With a reader, N test rows of each drawn by chance, and on the same rows:
the signs alone, the chat model alone, both weighed, and both where only what the signs leave open is read.
Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import describe, keep
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1] / "responsible_ai" / "training"))

from fit_reader import judged_row
from grounded_rows import GroundedRow, grounded_rows

from prudent_responsible_ai.grounding.judge import GroundedWeights, Judge
from prudent_responsible_ai.grounding.rereading import ReaderWeights, is_doubtful, question_of, weighed
from prudent_responsible_ai.safety_models import shared_models

DATA = Path(__file__).parents[2] / "shared" / "data" / "rai"
CLAIMED = ("fever_symmetric", "q2_wow", "cmrc2018_qa")
SEED = 20261129
RESAMPLES = 1_000
PATIENCE = 300.0
"""Seconds for one sentence."""
SHOWN = ("xquad_qa", "halueval_qa", "begin_wow", "uhgeval")
_WORD = re.compile(r"[\w']+")
_STOP = frozenset(
    re.findall(r"\w+", "a an the of in on at to for and or is was are were be by with from as that")
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rows", type=int, default=400, help="at most so many test rows of a source")
    parser.add_argument("--reader", help="a chat model that reads")
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    weights = GroundedWeights.packaged()
    judge = Judge(weights, shared_models().encoder)
    everything = list(grounded_rows(asked.data))
    if asked.reader is None:
        results = _signs_and_words(judge, everything, asked.rows)
    else:
        results = _read(judge, everything, asked.rows, asked.reader)
    settings = {"rows": asked.rows, "encoder": weights.encoder_sha256, "reader": asked.reader}
    sys.stdout.write(f"{json.dumps(describe())}\n")
    if asked.keep:
        sys.stdout.write(f"{keep('grounded', settings, results)}\n")


def _signs_and_words(judge: Judge, everything: list[GroundedRow], most: int) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for source in (*CLAIMED, *SHOWN):
        own = [row for row in everything if row.source == source]
        test = [row for row in own if row.split == "test"][:most]
        train = [row for row in own if row.split != "test"]
        labels = [row.label for row in test]
        ours = [_score(judge, row) for row in test]
        results[source] = {
            "rows": len(test),
            "prudent": round(float(roc_auc_score(labels, ours)), 3),
            "word_features": round(_peer(train, test, labels), 3),
        }
        sys.stdout.write(f"{source}: {json.dumps(results[source])}\n")
        sys.stdout.flush()
    return results


def _read(judge: Judge, everything: list[GroundedRow], most: int, name: str) -> dict[str, Any]:
    """AUROC of four ways on the same test rows, with intervals, and what reading took."""
    reader, fit = shared_models().reader(name), ReaderWeights.packaged().models[name]
    reader.warm_up()
    results: dict[str, Any] = {}
    for source in CLAIMED:
        test = [row for row in everything if row.source == source and row.split == "test"]
        drawn = np.random.default_rng(SEED).permutation(len(test))[:most]
        ways: dict[str, list[float]] = {"signs": [], "reader": [], "both": [], "cascade": []}
        seconds: list[float] = []
        for row in (test[index] for index in drawn):
            judged, documents = judged_row(judge, row)
            began = perf_counter()
            (doubt,) = reader.doubts([question_of(judged, documents)], PATIENCE)
            seconds.append(perf_counter() - began)
            if doubt is None:
                raise TimeoutError(f"no answer within {PATIENCE:.0f} s")
            both = weighed(judged, fit, doubt).score
            of_row = (judged.score, doubt, both, both if is_doubtful(judged, fit) else judged.score)
            for scores, score in zip(ways.values(), of_row, strict=True):
                scores.append(score)
        labels = np.array([test[index].label for index in drawn])
        read = np.mean(np.array(ways["cascade"]) != np.array(ways["signs"]))
        results[source] = {
            "rows": len(drawn),
            **{way: _auroc(labels, np.array(scores)) for way, scores in ways.items()},
            "read_share": round(float(read), 3),
            "seconds_median": round(float(np.median(seconds)), 2),
            "seconds_p95": round(float(np.quantile(seconds, 0.95)), 2),
        }
        sys.stdout.write(f"{source}: {json.dumps(results[source])}\n")
        sys.stdout.flush()
    return results


def _auroc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> dict[str, float]:
    """With a 95 % interval by bootstrap over rows."""
    rng = np.random.default_rng(SEED)
    samples: list[float] = []
    while len(samples) < RESAMPLES:
        chosen = rng.integers(0, len(labels), len(labels))
        if 0 < labels[chosen].sum() < len(labels):
            samples.append(float(roc_auc_score(labels[chosen], scores[chosen])))
    low, high = np.quantile(samples, [0.025, 0.975])
    whole = float(roc_auc_score(labels, scores))
    return {"auroc": round(whole, 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def _score(judge: Judge, row: GroundedRow) -> float:
    return judged_row(judge, row)[0].score


def _peer(train: list[GroundedRow], test: list[GroundedRow], labels: list[int]) -> float:
    scaler = StandardScaler().fit([_features(row) for row in train])
    model = LogisticRegression(max_iter=500)
    model.fit(scaler.transform([_features(row) for row in train]), [row.label for row in train])
    scores = model.predict_proba(scaler.transform([_features(row) for row in test]))[:, 1]
    return float(roc_auc_score(labels, scores))


def _features(row: GroundedRow) -> list[float]:
    """Overlap with the context and the question, of words and pairs; numbers; length; verbatim."""
    said, context = _WORD.findall(row.response.lower()), _WORD.findall(row.context.lower())
    known, question = set(context), set(_WORD.findall(row.question.lower()))
    telling = [word for word in said if word not in _STOP] or ["x"]
    pairs = list(pairwise(said)) or [("", "")]
    there = set(pairwise(context))
    return [
        float(np.mean([word in known for word in telling])),
        float(np.mean([word in known or word in question for word in telling])),
        float(np.mean([pair in there for pair in pairs])),
        float(np.mean([word in question for word in telling])),
        float(all(number in row.context for number in re.findall(r"\d+", row.response))),
        float(len(telling)),
        float(row.response.lower().strip(" .") in row.context.lower()),
    ]


if __name__ == "__main__":
    main()
