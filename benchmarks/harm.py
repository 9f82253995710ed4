"""The harm check against TF-IDF with logistic regression, on the whole test splits; published peers beside.

    python benchmarks/harm.py [--data FOLDER] [--rows N] [--without-baseline] [--keep]

Both score the same test rows. Ours is the check as used: of a text and its second view, the higher score.
The peer is scikit-learn's TfidfVectorizer (words and pairs, characters within words) with LogisticRegression,
one for each label, fitted on the same training rows. Both set their default threshold by one rule: 1 % of the
harmless validation rows. No test row sets anything. Without --data it looks for `shared/data/rai` beside the
repository. Needs the encoder's weights and `prudent[bench]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, keep
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[1] / "responsible_ai" / "training"))

import augment_harm
import metrics
from encoder_scores import highest
from harm_peers import DIALECTS, PUBLISHED
from harm_report import REPORTED, harm_report
from publish import FEWEST_POSITIVES, MISSED
from rows import Row, read_rows

from prudent_responsible_ai.encoder.card import PackagedEncoder
from prudent_responsible_ai.encoder.loading import open_text_encoder
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.languages import language_of, measured
from prudent_responsible_ai.text_encoder import HARMS, LABELS
from prudent_responsible_ai.undisguised import undisguised

DATA = Path(__file__).parents[2] / "shared" / "data" / "rai"
FALSE_POSITIVES = 0.01
SEED = 20261128
_MOST_CHARACTERS = 20_000
_FEWEST_NEGATIVES = 150

Scores = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rows", type=int, help="at most so many test rows of a source, for a quick look")
    parser.add_argument("--without-baseline", action="store_true")
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    everything = [row for row in read_rows(asked.data) if row.kind == "safety"]
    learnt = [row for row in (*everything, *augment_harm.rows(SEED)) if row.split == "train"]
    rows = _limited([row for row in everything if row.split != "train"], asked.rows)
    settings: dict[str, Any] = {"rows": len(rows), "training_rows": len(learnt), "limit": asked.rows}
    results: dict[str, Any] = {"prudent": _ours(rows)}
    if not asked.without_baseline:
        results["tf_idf"] = _baseline(learnt, rows)
    sys.stdout.write(f"{json.dumps(describe())}\n{json.dumps(settings)}\n\n{_table(results)}\n")
    if asked.keep:
        sys.stdout.write(f"{keep('harm', settings, results)}\n")


def _ours(rows: Sequence[Row]) -> dict[str, Any]:
    encoder, card = open_text_encoder(), PackagedEncoder().card
    started = time.perf_counter()
    plain = _scores(encoder, [row.text for row in rows])
    seconds = time.perf_counter() - started
    scores = plain.copy()
    views = [(index, view.text) for index, row in enumerate(rows) if (view := undisguised(row.text))]
    if views:
        indices = [index for index, _ in views]
        scores[indices] = np.maximum(scores[indices], _scores(encoder, [text for _, text in views]))

    def threshold(label: str, language: str) -> float:
        return card.thresholds(label, language).medium

    dialects = _dialects(
        _scores(encoder, [one for one, _ in DIALECTS]),
        _scores(encoder, [one for _, one in DIALECTS]),
        threshold,
    )
    return {
        **harm_report(rows, scores, threshold),
        "without_second_view": harm_report(rows, plain, threshold)["hatecheck"],
        "second_views": len(views),
        "benign_flagged": _benign(rows, scores, threshold),
        "dialect_pairs": dialects,
        "calibration_error": _calibration(rows, scores),
        "unverified": _unverified(rows),
        "model_hash": encoder.model_hash,
        "texts_per_second": len(rows) / seconds,
    }


def _baseline(learnt: Sequence[Row], rows: Sequence[Row]) -> dict[str, Any]:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=200_000)
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), min_df=3, sublinear_tf=True, max_features=200_000
    )
    texts = [row.text[:_MOST_CHARACTERS] for row in learnt]
    features = hstack([words.fit_transform(texts), letters.fit_transform(texts)]).tocsr()
    labels = np.stack([row.labels for row in learnt])
    models: dict[str, LogisticRegression] = {}
    for column, name in enumerate(HARMS):
        there = np.flatnonzero(~np.isnan(labels[:, column]))
        model = LogisticRegression(C=10, solver="liblinear", class_weight="balanced")
        models[name] = model.fit(features[there], labels[there, column])

    def score(some: Sequence[str]) -> Scores:
        found = np.zeros((len(some), len(LABELS)))
        cut = [text[:_MOST_CHARACTERS] for text in some]
        asked = hstack([words.transform(cut), letters.transform(cut)]).tocsr()
        for name, model in models.items():
            found[:, LABELS.index(name)] = model.predict_proba(asked)[:, 1]
        return found

    scores = score([row.text for row in rows])
    threshold = _rule(rows, scores)
    pairs = _dialects(score([one for one, _ in DIALECTS]), score([one for _, one in DIALECTS]), threshold)
    return {
        **harm_report(rows, scores, threshold),
        "benign_flagged": _benign(rows, scores, threshold),
        "dialect_pairs": pairs,
        "calibration_error": _calibration(rows, scores),
        "features": features.shape[1],
    }


def _rule(rows: Sequence[Row], scores: Scores) -> Any:
    """The thresholds that the rule of the card's bands gives (publish.py), by language."""
    unsafe = LABELS.index("unsafe")
    kept = np.array([row.split == "validation" for row in rows])
    labels = np.stack([row.labels for row in rows])
    harmless = kept & (labels[:, unsafe] == 0)
    languages = np.array([row.language for row in rows])

    def threshold(label: str, language: str) -> float:
        own = languages == language
        column = LABELS.index(label)
        chosen = metrics.own_or_all(harmless, own, _FEWEST_NEGATIVES)
        meant = metrics.own_or_all(kept & (labels[:, column] == 1), own, FEWEST_POSITIVES)
        return metrics.threshold_for(
            scores[chosen, column], scores[meant, column], FALSE_POSITIVES, MISSED["medium"]
        )

    return threshold


def _scores(encoder: LocalTextEncoder, texts: Sequence[str]) -> Scores:
    return highest(encoder, [text[:_MOST_CHARACTERS] for text in texts])


def _limited(rows: list[Row], limit: int | None) -> list[Row]:
    if limit is None:
        return rows
    drawn = np.random.default_rng(SEED).permutation(len(rows))
    seen: dict[str, int] = {}
    kept: list[int] = []
    for index in drawn:
        source = rows[index].source
        seen[source] = seen.get(source, 0) + (rows[index].split == "test")
        if rows[index].split != "test" or seen[source] <= limit:
            kept.append(index)
    return [rows[index] for index in sorted(kept)]


def _benign(rows: Sequence[Row], scores: Scores, threshold: Any) -> dict[str, float]:
    """Shares of harmless test rows that any category flags, by language."""
    found: dict[str, float] = {}
    for language in ("en", "zh"):
        limits = np.array([threshold(name, language) for name in REPORTED])
        chosen = [
            index
            for index, row in enumerate(rows)
            if row.split == "test"
            and row.language == language
            and row.source not in ("xstest", "hatecheck", "multilingual_hatecheck")
            and row.labels[LABELS.index("unsafe")] == 0
        ]
        columns = [LABELS.index(name) for name in REPORTED]
        found[language] = float((scores[np.ix_(chosen, columns)] >= limits).any(axis=1).mean())
        found[f"{language}_rows"] = len(chosen)
    return found


def _dialects(standard: Scores, other: Scores, threshold: Any) -> dict[str, Any]:
    """Sentence pairs: how many are flagged on each side, and how far scores move."""
    found: dict[str, Any] = {"pairs": len(standard)}
    for name in ("hate", "harassment", "profanity", "harmful_request"):
        column, limit = LABELS.index(name), threshold(name, "en")
        found[name] = {
            "standard_flagged": int((standard[:, column] >= limit).sum()),
            "dialect_flagged": int((other[:, column] >= limit).sum()),
            "mean_difference": float((other[:, column] - standard[:, column]).mean()),
        }
    return found


def _calibration(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    test = [index for index, row in enumerate(rows) if row.split == "test"]
    labels = np.stack([rows[index].labels for index in test])
    return {
        name: metrics.calibration_error(labels[:, LABELS.index(name)], scores[test, LABELS.index(name)])
        for name in HARMS
    }


def _unverified(rows: Sequence[Row]) -> dict[str, Any]:
    """Shares of test rows that are called unverified, and whose language is told right, by language."""
    found: dict[str, Any] = {}
    test = [row for row in rows if row.split == "test"]
    for language in sorted({row.language for row in test}):
        own = [row.text for row in test if row.language == language]
        found[language] = {
            "rows": len(own),
            "unverified": float(np.mean([not measured(text) for text in own])),
            "language_right": float(np.mean([language_of(text) == language for text in own])),
        }
    return found


def _table(results: dict[str, Any]) -> str:
    lines = ["figure".ljust(52) + "".join(name.rjust(12) for name in results)]
    for label, path in _FIGURES:
        values = [_at(found, path) for found in results.values()]
        shown = ("-" if value is None else f"{value:.3f}" for value in values)
        lines.append(label.ljust(52) + "".join(one.rjust(12) for one in shown))
    lines.append("\nPublished, OpenAI moderation set, any harm: average precision / F1 (whole set)")
    lines += [
        f"  {name} {size}: {'-' if area is None else area} / {'-' if best is None else best}  [{source}]"
        for name, size, area, best, source in PUBLISHED
    ]
    return "\n".join(lines)


def _at(found: dict[str, Any], path: str) -> float | None:
    value: Any = found
    for key in path.split("/"):
        if key not in value:
            return None
        value = value[key]
    return float(value)


_FIGURES = (
    ("OpenAI moderation, any harm, F1", "openai_moderation/any_harm_f1"),
    ("OpenAI moderation, any harm, average precision", "openai_moderation/any_harm_average_precision"),
    ("the same, of rows with all categories known, F1", "openai_moderation/annotated/any_harm_f1"),
    (
        "the same, of rows with all categories known, AP",
        "openai_moderation/annotated/any_harm_average_precision",
    ),
    ("OpenAI moderation, mean average precision of 5", "openai_moderation/macro_average_precision"),
    ("HateCheck, AUROC", "hatecheck/auroc"),
    ("HateCheck, accuracy at the default threshold", "hatecheck/accuracy"),
    ("HateCheck, identity statements flagged", "hatecheck/identity_statements_flagged"),
    ("HateCheck without the second view, AUROC", "without_second_view/auroc"),
    ("multilingual HateCheck, AUROC", "multilingual_hatecheck/auroc"),
    ("XSTest, AUROC", "xstest/auroc"),
    ("XSTest, safe prompts flagged (illicit)", "xstest/safe_flagged"),
    ("XSTest, safe prompts flagged (any category)", "xstest/safe_flagged_by_any_category"),
    ("XSTest, unsafe prompts flagged (illicit)", "xstest/unsafe_flagged"),
    ("COLD, accuracy", "cold/accuracy"),
    ("harmful requests, en, average precision", "harmful_requests/en/average_precision"),
    ("harmful requests, en, found at 1 % false", "harmful_requests/en/found_at_1_percent_false"),
    ("harmful requests, zh, average precision", "harmful_requests/zh/average_precision"),
    ("harmful requests, zh, found at 1 % false", "harmful_requests/zh/found_at_1_percent_false"),
    ("harmless rows flagged by any category, en", "benign_flagged/en"),
    ("harmless rows flagged by any category, zh", "benign_flagged/zh"),
    ("identity groups, highest ratio of false positives", "identity/highest_ratio"),
    ("dialect (tweets), ratio of false positives, hate", "dialect/hate/ratio"),
    ("dialect (tweets), ratio of false positives, profanity", "dialect/profanity/ratio"),
    ("dialect pairs, mean difference, harassment", "dialect_pairs/harassment/mean_difference"),
    ("dialect pairs, mean difference, profanity", "dialect_pairs/profanity/mean_difference"),
    ("calibration error, harmful request", "calibration_error/harmful_request"),
    ("texts per second", "texts_per_second"),
)


if __name__ == "__main__":
    main()
