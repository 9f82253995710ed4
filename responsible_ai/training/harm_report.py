"""How well scores tell harm on the test sets, for the model's card and for benchmarks.

Gets rows and their scores; thresholds are given or chosen on validation rows. It knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import metrics
import numpy as np
from numpy.typing import NDArray
from rows import Row, Split

from prudent_responsible_ai.text_encoder import HARMS, LABELS

Scores: TypeAlias = NDArray[np.floating]
"""(rows, LABELS): for each row the highest score of its windows."""

Thresholds: TypeAlias = Callable[[str, str], float]
"""From a label and a language to the score at which the default policy speaks of a finding."""

MODERATION = ("hate", "harassment", "violence", "self_harm", "sexual")
"""The categories of the OpenAI moderation set."""

REPORTED = tuple(name for name in HARMS if name not in ("offensive", "unsafe"))
"""The labels that the harm check reports; the two others gather them."""

_IDENTITY_STATEMENTS = ("ident_neutral_nh", "ident_pos_nh")
_FEWEST_OF_A_GROUP = 30
_DIALECT = re.compile(
    r"\b(?:finna|ain'?t|tryna|imma|ima|y'?all|dis|dat|dem|bruh|wit|lemme|bouta|gon|aint|nuffin|sumn|deadass"
    r"|(?:he|she|they|we|you|i) be)\b",
    re.IGNORECASE,
)
"""Words and constructions of African American English, for want of annotated dialect."""


def harm_report(rows: Sequence[Row], scores: Scores, thresholds: Thresholds) -> dict[str, Any]:
    """All figures on the test rows; shares, areas and counts under plain names."""
    test = _Part(rows, scores, "test")
    validation = _Part(rows, scores, "validation")
    return {
        "openai_moderation": _moderation(validation, test),
        "hatecheck": _hatecheck(test.of("hatecheck"), thresholds),
        "multilingual_hatecheck": _by_language(test.of("multilingual_hatecheck"), "hate"),
        "xstest": _xstest(test.of("xstest"), thresholds),
        "cold": _cold(validation.of("cold"), test.of("cold")),
        "harmful_requests": _harmful_requests(test),
        "labels": _labels(test),
        "identity": _identity(test.of("hatecheck"), thresholds),
        "dialect": _dialect(test.of("davidson_tweets"), thresholds),
    }


class _Part:
    """Rows of one split with their labels and scores."""

    def __init__(self, rows: Sequence[Row], scores: Scores, split: Split | None) -> None:
        chosen = [index for index, row in enumerate(rows) if split in (None, row.split)]
        self.rows = [rows[index] for index in chosen]
        self.scores = scores[chosen]
        self.labels = (
            np.stack([row.labels for row in self.rows])
            if self.rows
            else np.zeros((0, len(LABELS)), np.float32)
        )

    def where(self, keep: Callable[[Row], bool]) -> _Part:
        """The rows that are kept, in the same order."""
        chosen = [index for index, row in enumerate(self.rows) if keep(row)]
        return _Part([self.rows[index] for index in chosen], self.scores[chosen], None)

    def of(self, source: str) -> _Part:
        """The rows of one source."""
        return self.where(lambda row: row.source == source)

    def label(self, name: str) -> tuple[Scores, Scores]:
        """Labels and scores of one label."""
        column = LABELS.index(name)
        return self.labels[:, column], self.scores[:, column]


def any_harm(scores: Scores) -> dict[str, Scores]:
    """Ways to one score for any harm: the label for it, the highest category, or that one of them holds."""
    categories = scores[:, [LABELS.index(name) for name in MODERATION]]
    return {
        "unsafe": scores[:, LABELS.index("unsafe")],
        "highest category": categories.max(axis=1, initial=0.0),
        "one of the categories": 1 - np.prod(1 - categories, axis=1),
    }


def _moderation(validation: _Part, test: _Part) -> dict[str, Any]:
    """Any harm as the published figures have it: one category set is a yes, all others a no.

    `annotated` counts only rows where a harm is set or all categories are known to be unset: of every second
    row the annotators left some open.
    """
    kept, asked = validation.of("openai_moderation"), test.of("openai_moderation")
    categories = {name: metrics.average_precision(*asked.label(name)) for name in MODERATION}
    unsafe = LABELS.index("unsafe")
    annotated = [part.where(lambda row: not np.isnan(row.labels[unsafe])) for part in (kept, asked)]
    return {
        **_any_harm(kept, asked),
        "annotated": _any_harm(*annotated),
        "average_precision": categories,
        "macro_average_precision": float(np.mean(list(categories.values()))),
    }


def _any_harm(kept: _Part, asked: _Part) -> dict[str, Any]:
    """Of the ways to one score the best on validation rows, with the threshold from there."""
    chosen = max(
        any_harm(kept.scores).items(), key=lambda way: metrics.average_precision(_harmful(kept), way[1])
    )
    truth, found = _harmful(asked), any_harm(asked.scores)[chosen[0]]
    threshold = metrics.steady_threshold(_harmful(kept), chosen[1])
    return {
        "rows": len(asked.rows),
        "harmful_rows": int(truth.sum()),
        "validation_rows": len(kept.rows),
        "score": chosen[0],
        "threshold": threshold,
        "any_harm_f1": metrics.f1(truth, found, threshold),
        "any_harm_average_precision": metrics.average_precision(truth, found),
        "any_harm_auroc": metrics.auroc(truth, found),
    }


def _harmful(part: _Part) -> Scores:
    columns = part.labels[:, [LABELS.index(name) for name in MODERATION]]
    return (columns == 1).any(axis=1).astype(np.float32)


def _hatecheck(part: _Part, thresholds: Thresholds) -> dict[str, Any]:
    labels, scores = part.label("hate")
    at = thresholds("hate", "en")
    found, false = metrics.flagged(labels, scores, at)
    identity = part.where(lambda row: row.about.get("functionality") in _IDENTITY_STATEMENTS)
    return {
        "rows": len(part.rows),
        "auroc": metrics.auroc(labels, scores),
        "accuracy": metrics.accuracy(labels, scores, at),
        "hateful_flagged": found,
        "not_hateful_flagged": false,
        "identity_statements_flagged": _share(identity.label("hate")[1] >= at),
    }


def _by_language(part: _Part, name: str) -> dict[str, Any]:
    languages = sorted({row.language for row in part.rows})
    parts = {one: part.where(lambda row, one=one: row.language == one) for one in languages}
    return {
        "rows": len(part.rows),
        "auroc": metrics.auroc(*part.label(name)),
        "auroc_by_language": {one: metrics.auroc(*found.label(name)) for one, found in parts.items()},
    }


def _xstest(part: _Part, thresholds: Thresholds) -> dict[str, Any]:
    labels, scores = part.label("harmful_request")
    found, false = metrics.flagged(labels, scores, thresholds("harmful_request", "en"))
    limits = np.array([thresholds(name, "en") for name in REPORTED])
    some = (part.scores[:, [LABELS.index(name) for name in REPORTED]] >= limits).any(axis=1)
    return {
        "rows": len(part.rows),
        "auroc": metrics.auroc(labels, scores),
        "safe_flagged": false,
        "unsafe_flagged": found,
        "safe_flagged_by_any_category": _share(some[labels == 0]),
    }


def _cold(validation: _Part, test: _Part) -> dict[str, Any]:
    threshold = metrics.threshold_of_best_accuracy(*validation.label("offensive"))
    labels, scores = test.label("offensive")
    return {
        "rows": len(test.rows),
        "threshold": threshold,
        "accuracy": metrics.accuracy(labels, scores, threshold),
        "auroc": metrics.auroc(labels, scores),
    }


def _harmful_requests(test: _Part) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for language in ("en", "zh"):
        part = test.where(lambda row, language=language: row.language == language)
        labels, scores = part.label("harmful_request")
        found[language] = {
            "positives": int((labels == 1).sum()),
            "negatives": int((labels == 0).sum()),
            "average_precision": metrics.average_precision(labels, scores),
            "auroc": metrics.auroc(labels, scores),
            "found_at_1_percent_false": _found_at(labels, scores, 0.01),
        }
    return found


def _labels(test: _Part) -> dict[str, Any]:
    """By label and language, whatever the source; few positives mean little."""
    found: dict[str, Any] = {}
    for language in ("en", "zh"):
        part = test.where(lambda row, language=language: row.language == language)
        for name in HARMS:
            labels, scores = part.label(name)
            if min((labels == 1).sum(), (labels == 0).sum()) < _FEWEST_OF_A_GROUP:
                continue
            found[f"{name}_{language}"] = {
                "positives": int((labels == 1).sum()),
                "average_precision": metrics.average_precision(labels, scores),
                "auroc": metrics.auroc(labels, scores),
                "found_at_1_percent_false": _found_at(labels, scores, 0.01),
            }
    return found


def _identity(part: _Part, thresholds: Thresholds) -> dict[str, Any]:
    """Harmless texts of HateCheck that are called hate, by the group they speak of."""
    at = thresholds("hate", "en")
    harmless = part.where(lambda row: row.labels[LABELS.index("hate")] == 0 and bool(row.about.get("target")))
    groups: dict[str, tuple[int, int]] = {}
    for name in sorted({row.about["target"] for row in harmless.rows}):
        scores = harmless.where(lambda row, name=name: row.about["target"] == name).label("hate")[1]
        if len(scores) >= _FEWEST_OF_A_GROUP:
            groups[name] = (int((scores >= at).sum()), len(scores))
    return {
        "flagged": {name: hits / count for name, (hits, count) in groups.items()},
        "rows": {name: count for name, (_, count) in groups.items()},
        "highest_ratio": metrics.highest_ratio(groups),
    }


def _dialect(part: _Part, thresholds: Thresholds) -> dict[str, Any]:
    """Harmless tweets that are flagged, with and without words of African American English."""
    harmless = part.where(lambda row: row.labels[LABELS.index("unsafe")] == 0)
    marked = np.array([bool(_DIALECT.search(row.text)) for row in harmless.rows], bool)
    found: dict[str, Any] = {"rows_with": int(marked.sum()), "rows_without": int((~marked).sum())}
    for name in ("hate", "offensive", "profanity"):
        reached = harmless.label(name)[1] >= thresholds(name, "en")
        counts = {
            "with": (int(reached[marked].sum()), int(marked.sum())),
            "without": (int(reached[~marked].sum()), int((~marked).sum())),
        }
        found[name] = {
            "with": _share(reached[marked]),
            "without": _share(reached[~marked]),
            "ratio": metrics.highest_ratio(counts),
        }
    return found


def _found_at(labels: Scores, scores: Scores, rate: float) -> float:
    threshold = metrics.threshold_of_rate(scores[labels == 0], rate)
    return metrics.flagged(labels, scores, threshold)[0]


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")
