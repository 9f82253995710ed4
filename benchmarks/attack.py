"""The attack check against TF-IDF with logistic regression, on the whole test splits; published peers beside.

    python benchmarks/attack.py [--data FOLDER] [--rows N] [--without-baseline] [--keep]

Both score the same test rows: users' texts for `direct` and `jailbreak` (the higher counts), documents for
`indirect`. Ours is the encoder on the text and on its second view. The peer is scikit-learn's TfidfVectorizer
(words and pairs, characters within words) with LogisticRegression, one for each label, fitted on the same
training rows. Both set their threshold by the rule of the card's band `medium` (publish.py): 1 % of the
harmless validation rows of the same side, in the same language where it has enough of them; fewer, where the
score that all but 2 % of the validation attacks reach is higher. No test row sets anything. `rules` are those
of `addressed.py`, at the severity at which the default policy acts. Without --data it looks for
`shared/data/rai` beside the repository. Needs the encoder's weights and `prudent[bench]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe, keep
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[1] / "responsible_ai" / "training"))

import augment_attack
import metrics
import written_sentences
from encoder_scores import highest_of_views
from publish import FEWEST_POSITIVES, MISSED
from rows import EASY, Row, read_rows

from prudent_responsible_ai.addressed import orders_to_models
from prudent_responsible_ai.encoder.card import PackagedEncoder
from prudent_responsible_ai.encoder.loading import open_text_encoder
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.text_encoder import LABELS

DATA = Path(__file__).parents[2] / "shared" / "data" / "rai"
FALSE_POSITIVES = 0.01
SEED = 20261128
ACTED_ON = 4
"""Severity from which the default policy takes an order out of an untrusted text."""
SCORED = ("direct", "jailbreak", "indirect")
_SIDES = {"direct": SCORED[:2], "jailbreak": SCORED[:2], "indirect": SCORED[2:]}
"""The kinds of attacks that share a threshold: those in users' texts, and in documents."""
_MOST_CHARACTERS = 20_000
_FEWEST_NEGATIVES = 150
_DOCUMENTS = frozenset(
    {
        *("bipia_email", "bipia_table", "bipia_code", "tau_bench_records", "uhgeval_news", "xquad_documents"),
        *("security_docs_prose", "authored_attack_documents", "authored_composed"),
    }
)
PUBLISHED = (
    # model, parameters, NotInject passed %, benign passed %, attacks found %, source
    ("Prompt Guard 1", "86M", 0.9, 26.8, 97.1, "InjecGuard results table (leolee99/InjecGuard)"),
    ("deepset", "184M", 5.3, 34.1, 91.5, "the same"),
    ("ProtectAI v2", "184M", 56.6, 86.2, 48.6, "the same"),
    ("Lakera Guard", "-", 87.6, 90.9, 53.2, "the same"),
    ("GPT-4o as judge", "-", 86.7, 90.8, 79.1, "the same"),
    ("Llama Guard 3", "8B", 99.7, 95.2, 28.3, "the same"),
    ("InjecGuard / PIGuard", "184M", 87.3, 85.7, 77.4, "the same"),
    ("Prompt Guard 2 at 1 % FPR", "22M", None, 99.0, 88.7, "its card, on Meta's private set"),
)

Scores = NDArray[np.float64]
Way = Callable[[Sequence[str]], Scores]
"""From texts to (texts, SCORED)."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rows", type=int, help="at most so many test rows of a source, for a quick look")
    parser.add_argument("--without-baseline", action="store_true")
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    labelled = read_rows(asked.data)
    everything = [row for row in labelled if row.kind != "safety"]
    everything += [*augment_attack.rows(SEED, labelled), *written_sentences.rows(labelled)]
    learnt = [row for row in everything if row.split == "train"]
    rows = _limited([row for row in everything if row.split != "train"], asked.rows)
    settings: dict[str, Any] = {"rows": len(rows), "training_rows": len(learnt), "limit": asked.rows}
    encoder = open_text_encoder()
    started = time.perf_counter()
    results = {"prudent": _report(rows, lambda texts: _ours(encoder, texts))}
    results["prudent"]["seconds"] = time.perf_counter() - started
    results["prudent"]["bands"] = _bands(encoder, [row for row in rows if row.split == "test"])
    settings["model_hash"] = encoder.model_hash
    if not asked.without_baseline:
        results["tf_idf"] = _report(rows, _baseline(learnt))
    sys.stdout.write(f"{json.dumps(describe())}\n{json.dumps(settings)}\n\n{_table(results)}\n")
    if asked.keep:
        sys.stdout.write(f"{keep('attack', settings, results)}\n")


def _ours(encoder: LocalTextEncoder, texts: Sequence[str]) -> Scores:
    """The higher score of a text and its second view."""
    return highest_of_views(encoder, texts)[:, [LABELS.index(label) for label in SCORED]]


def _baseline(learnt: Sequence[Row]) -> Way:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=200_000)
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), min_df=3, sublinear_tf=True, max_features=200_000
    )
    texts = [row.text[:_MOST_CHARACTERS] for row in learnt]
    features = hstack([words.fit_transform(texts), letters.fit_transform(texts)]).tocsr()
    models: list[LogisticRegression] = []
    for label in SCORED:
        labels = np.array([row.labels[LABELS.index(label)] for row in learnt])
        there = np.flatnonzero(~np.isnan(labels))
        model = LogisticRegression(C=10, solver="liblinear", class_weight="balanced")
        models.append(model.fit(features[there], labels[there]))

    def score(some: Sequence[str]) -> Scores:
        asked = hstack([words.transform(some), letters.transform(some)]).tocsr()
        return np.stack([model.predict_proba(asked)[:, 1] for model in models], axis=1)

    return score


def _report(rows: Sequence[Row], score: Way) -> dict[str, Any]:
    scores = score([row.text[:_MOST_CHARACTERS] for row in rows])
    of_users, of_documents = scores[:, :2].max(axis=1), scores[:, 2]
    harmless = np.array([row.labels[LABELS.index("attack")] == 0 for row in rows])
    document = np.array([_is_document(row) for row in rows])
    found: dict[str, Any] = {}
    for kind in SCORED:
        side = document if kind == "indirect" else ~document
        values = of_documents if kind == "indirect" else of_users
        found[kind] = _by_language(rows, values, kind, harmless & side)
    notinject = np.array([row.source == "notinject" for row in rows])
    limits = {language: found["direct"][language]["threshold"] for language in ("en", "zh", "other")}
    passed = np.array([of_users[i] < limits[_language(rows[i])] for i in range(len(rows))])
    found["notinject"] = {"rows": int(notinject.sum()), "passed": float(passed[notinject].mean())}
    found["stopped"] = _stopped(
        rows, of_documents, {one: found["indirect"][one]["threshold"] for one in limits}
    )
    return found


def _by_language(
    rows: Sequence[Row], values: Scores, kind: str, harmless: NDArray[np.bool_]
) -> dict[str, Any]:
    test = np.array([row.split == "test" for row in rows])
    counted = np.array([row.source != "notinject" for row in rows])
    trying = np.array([row.source not in EASY for row in rows])
    languages = np.array([_language(row) for row in rows])
    kinds = np.array([row.kind for row in rows])
    attack = kinds == kind
    found: dict[str, Any] = {}
    for name in ("en", "zh", "other"):
        own = languages == name
        kept = metrics.own_or_all(~test & harmless & trying, own, _FEWEST_NEGATIVES)
        positives, negatives = values[test & attack & own], values[test & harmless & counted & own]
        meant = metrics.own_or_all(~test & np.isin(kinds, _SIDES[kind]), own, FEWEST_POSITIVES)
        at = metrics.threshold_for(values[kept], values[meant], FALSE_POSITIVES, MISSED["medium"])
        labels = np.concatenate([np.ones(len(positives)), np.zeros(len(negatives))])
        found[name] = {
            "threshold": at,
            "recall": _share(list(positives >= at)),
            "false": _share(list(negatives >= at)),
            "attacks": len(positives),
            "benign": len(negatives),
            "validation": int(kept.sum()),
            "auroc": metrics.auroc(labels, np.concatenate([positives, negatives])),
        }
    sources = sorted({row.source for row, one in zip(rows, test & attack, strict=True) if one})
    reached = values >= np.array([found[name]["threshold"] for name in languages])
    found["by_source"] = {
        one: _share([reached[i] for i, row in enumerate(rows) if row.source == one and (test & attack)[i]])
        for one in sources
    }
    return found


def _bands(encoder: LocalTextEncoder, rows: Sequence[Row]) -> dict[str, Any]:
    """What the card's bands flag of users' texts: shares of attacks, of NotInject and of harmless rows."""
    card = PackagedEncoder().card
    mine = [row for row in rows if not _is_document(row)]
    scores = _ours(encoder, [row.text[:_MOST_CHARACTERS] for row in mine])[:, :2]
    groups = {
        "direct": [row.kind == "direct" for row in mine],
        "jailbreak": [row.kind == "jailbreak" for row in mine],
        "notinject": [row.source == "notinject" for row in mine],
        "harmless": [row.labels[LABELS.index("attack")] == 0 and row.source != "notinject" for row in mine],
    }
    found: dict[str, Any] = {}
    for band in ("medium", "high"):
        limits = [
            [getattr(card.thresholds(label, row.language), band) for label in SCORED[:2]] for row in mine
        ]
        reached = (scores >= np.array(limits)).any(axis=1)
        found[band] = {name: _share(list(reached[np.array(own)])) for name, own in groups.items()}
    return found


def _stopped(rows: Sequence[Row], values: Scores, limits: dict[str, float]) -> dict[str, Any]:
    """Attacks in documents that are taken out, by the rules, by the score, by either; and false ones."""
    found: dict[str, Any] = {}
    for side, wanted in (("attacks", True), ("benign", False)):
        chosen = [
            i
            for i, row in enumerate(rows)
            if row.split == "test" and (row.kind == "indirect" if wanted else _is_harmless_document(row))
        ]
        ruled = [any(one.severity >= ACTED_ON for one in orders_to_models(rows[i].text)) for i in chosen]
        scored = [values[i] >= limits[_language(rows[i])] for i in chosen]
        found[side] = {
            "rows": len(chosen),
            "rules": _share(ruled),
            "encoder": _share(scored),
            "either": _share([one or other for one, other in zip(ruled, scored, strict=True)]),
        }
    return found


def _is_document(row: Row) -> bool:
    return row.kind == "indirect" or row.source in _DOCUMENTS


def _is_harmless_document(row: Row) -> bool:
    return row.source in _DOCUMENTS and row.labels[LABELS.index("attack")] == 0


def _language(row: Row) -> str:
    return row.language if row.language in ("en", "zh") else "other"


def _limited(rows: list[Row], limit: int | None) -> list[Row]:
    if limit is None:
        return rows
    seen: dict[tuple[str, str, str], int] = {}
    kept: list[Row] = []
    for index in np.random.default_rng(SEED).permutation(len(rows)):
        row = rows[index]
        group = (row.source, row.kind, _language(row))
        seen[group] = seen.get(group, 0) + (row.split == "test")
        if row.split != "test" or seen[group] <= limit:
            kept.append(row)
    return kept


def _share(values: Sequence[Any]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _table(results: dict[str, Any]) -> str:
    lines = [f"{'threshold from validation rows':44}" + "".join(f"{name:>24}" for name in results)]
    for kind in SCORED:
        for language in ("en", "zh", "other"):
            ours = [found[kind][language] for found in results.values()]
            label = f"{kind}, {language} ({ours[0]['attacks']} / {ours[0]['benign']} rows)"
            cells = [f"{one['recall']:.3f} at {one['false']:.3f}, AUROC {one['auroc']:.3f}" for one in ours]
            lines.append(f"{label:38}" + "".join(f"{cell:>32}" for cell in cells))
    for name, found in results.items():
        attacks, benign = found["stopped"]["attacks"], found["stopped"]["benign"]
        lines.append(f"{name}: NotInject passed {found['notinject']['passed']:.3f}")
        lines.append(
            f"{name}: orders in documents taken out: rules {attacks['rules']:.3f}, "
            f"scores {attacks['encoder']:.3f}, either {attacks['either']:.3f}; "
            f"harmless documents touched {benign['either']:.3f}"
        )
        lines += [f"{name}, {kind}, by source: {_rounded(found[kind]['by_source'])}" for kind in SCORED]
    lines += [
        f"prudent, users' texts flagged from {band}: {_rounded(shares, 3)}"
        for band, shares in results["prudent"]["bands"].items()
    ]
    lines.append("\nPublished: NotInject passed, benign passed, attacks found (per cent, on their own sets)")
    lines += [
        f"  {name} {size}: {over}, {benign}, {hit}  [{source}]"
        for name, size, over, benign, hit, source in PUBLISHED
    ]
    return "\n".join(lines)


def _rounded(found: dict[str, float], digits: int = 2) -> str:
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in found.items())


if __name__ == "__main__":
    main()
