"""How faithful the explanation beside a verdict is: against leaving out every word, and random words.

    python benchmarks/explain.py [--data FOLDER] [--texts N] [--keep]

Texts are test rows that the encoder flags at the default thresholds of its card, `--texts` of each label,
drawn with a fixed seed. Comprehensiveness is how far the score falls without the top 10, 20 and 50 % of the
words (higher is better), sufficiency how far it falls with nothing but them (lower is better); both are means
over the three shares (DeYoung et al. 2020, ERASER). Words that an explanation did not weigh rank last.
`verified` is the share of flagged texts with a counterfactual, each scored below the threshold;
`milliseconds` are those of the explanation alone, with nothing remembered from the verdict's own run. Needs
the encoder's weights.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, keep

sys.path.insert(0, str(Path(__file__).parents[1] / "responsible_ai" / "training"))

import rows
from rows import Row, read_rows

from prudent_responsible_ai.encoder.card import PackagedEncoder
from prudent_responsible_ai.encoder.loading import open_text_encoder
from prudent_responsible_ai.explain.explanation import Explanation, explain
from prudent_responsible_ai.explain.findings import scorer
from prudent_responsible_ai.explain.scoring import SWIFT, Effort, Score
from prudent_responsible_ai.explain.words import Word, only, without, words_of
from prudent_responsible_ai.languages import language_of

DATA = Path(__file__).parents[2] / "shared" / "data" / "rai"
LABELS = ("hate", "harassment", "violence", "self_harm", "sexual", "profanity", "harmful_request")
ATTACKS = ("direct", "jailbreak", "indirect")
COLUMNS = list(rows.LABELS)
SHARES = (0.1, 0.2, 0.5)
SEED = 20261128
FEWEST_WORDS, MOST_WORDS = 4, 120
"""Fewer cannot be told apart; leaving out every word of more would take the benchmark hours."""

_TRIED = 40
"""Rows scored for each one that is wanted: not all are flagged."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--texts", type=int, default=10, help="flagged texts of each label")
    parser.add_argument("--keep", action="store_true", help="write the run to runs/")
    asked = parser.parse_args()
    encoder = open_text_encoder()
    card = PackagedEncoder().card
    drawn = random.Random(SEED)
    tests = [row for row in read_rows(asked.data) if row.split == "test"]
    measured: list[dict[str, Any]] = []
    for label in (*LABELS, *ATTACKS):
        score = scorer(encoder, label)
        thresholds = {language: card.thresholds(label, language).medium for language in ("en", "zh", "*")}
        for text, known in flagged(tests, label, score, asked.texts, drawn, thresholds):
            threshold = card.thresholds(label, language_of(text)).medium
            measured.append({"label": label, **measure(text, known, threshold, score, drawn)})
    settings = {
        "texts": asked.texts,
        "seed": SEED,
        "search": SWIFT.search,
        "encoder": encoder.model_hash[:12],
    }
    results = {name: summary(group) for name, group in groups(measured).items()}
    print(
        json.dumps({"settings": settings, "machine": describe()["processor"], "results": results}, indent=1)
    )
    if asked.keep:
        print(keep("explain", settings, results))


def flagged(
    tests: Sequence[Row],
    label: str,
    score: Score,
    most: int,
    drawn: random.Random,
    thresholds: dict[str, float],
) -> list[tuple[str, float]]:
    """Test texts that are flagged for a label, with their scores; those that have the label come first."""
    fitting = [row.text for row in tests if FEWEST_WORDS <= len(words_of(row.text)) <= MOST_WORDS]
    likely = [
        row.text
        for row in tests
        if FEWEST_WORDS <= len(words_of(row.text)) <= MOST_WORDS and row.labels[_column(label)] == 1
    ]
    pool = drawn.sample(likely, min(len(likely), most * _TRIED // 10)) + drawn.sample(fitting, most)
    found: list[tuple[str, float]] = []
    for text in dict.fromkeys(pool):
        known = score([text])[0]
        if known >= thresholds.get(language_of(text), thresholds["*"]):
            found.append((text, known))
        if len(found) == most:
            break
    return found


def _column(label: str) -> int:
    return COLUMNS.index(label)


def measure(text: str, known: float, threshold: float, score: Score, drawn: random.Random) -> dict[str, Any]:
    """One text: the explanation in its time, and three rankings of its words."""
    began = time.perf_counter()
    explanation = explain(text, score, threshold, known=known)
    milliseconds = (time.perf_counter() - began) * 1000
    words = words_of(text)
    single = [known - one for one in score([without(text, [word]) for word in words])]
    shuffled = drawn.sample(range(len(words)), len(words))
    rankings = {
        "budgeted": ranked(words, explanation),
        "leave_one_out": sorted(range(len(words)), key=lambda index: -single[index]),
        "random": shuffled,
    }
    half = Effort(SWIFT.search // 2, SWIFT.proof, 1)
    return {
        "words": len(words),
        "milliseconds": milliseconds,
        "verified": explanation.without is not None,
        "verified_half_budget": explain(text, score, threshold, known=known, effort=half).without is not None,
        "decisive_words": len(explanation.decisive) if explanation.without is not None else None,
        "fidelity": explanation.fidelity,
        **{name: faithfulness(text, words, order, known, score) for name, order in rankings.items()},
    }


def ranked(words: Sequence[Word], explanation: Explanation) -> list[int]:
    """Decisive words first, then by weight."""
    weights = {(one.start, one.end): (one.decisive, one.weight) for one in explanation.words}
    return sorted(
        range(len(words)),
        key=lambda index: weights.get((words[index].start, words[index].end), (False, 0.0)),
        reverse=True,
    )


def faithfulness(
    text: str, words: Sequence[Word], order: Sequence[int], known: float, score: Score
) -> dict[str, float]:
    tops = [[words[index] for index in order[: max(1, round(share * len(words)))]] for share in SHARES]
    erased = score([without(text, top) for top in tops])
    alone = score([only(text, top) for top in tops])
    return {
        "comprehensiveness": known - float(np.mean(erased)),
        "sufficiency": known - float(np.mean(alone)),
    }


def groups(measured: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"all": list(measured)}
    for row in measured:
        found.setdefault(row["label"], []).append(row)
    return found


def summary(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    times = [row["milliseconds"] for row in group]
    fidelities = [row["fidelity"] for row in group if row["fidelity"] is not None]
    decisive = [row["decisive_words"] for row in group if row["decisive_words"] is not None]
    return {
        "texts": len(group),
        "words_median": float(np.median([row["words"] for row in group])),
        **{
            name: {
                measure: round(float(np.mean([row[name][measure] for row in group])), 3)
                for measure in ("comprehensiveness", "sufficiency")
            }
            for name in ("budgeted", "leave_one_out", "random")
        },
        "verified": round(float(np.mean([row["verified"] for row in group])), 3),
        "verified_half_budget": round(float(np.mean([row["verified_half_budget"] for row in group])), 3),
        "decisive_words_median": float(np.median(decisive)) if decisive else None,
        "fidelity_mean": round(float(np.mean(fidelities)), 3) if fidelities else None,
        "milliseconds_p50": round(float(np.percentile(times, 50)), 1),
        "milliseconds_p95": round(float(np.percentile(times, 95)), 1),
    }


if __name__ == "__main__":
    main()
