"""Out-of-fold answers as a card: measures, groups, doubtful rows, warnings and limits.

Knows neither encoder nor file; how the answers came about is crossval's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from prudent.capabilities.classifiers.calibration import calibration_error
from prudent.capabilities.classifiers.cleaning import FEW_EXAMPLES
from prudent.capabilities.classifiers.head import Floats, Indices
from prudent.capabilities.classifiers.measures import Share, class_scores, confusion, difference, wilson
from prudent.types.classifier_card import (
    ClassReport,
    ConfusedPair,
    Coverage,
    DoubtfulRow,
    GroupReport,
    Interval,
)

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
RIGHT_ANSWERED = 0.95
"""Of the answers that are right, the share that is given: the rest is the price of saying "unknown"."""

HIGHEST_THRESHOLD = 0.9
"""Where classes are far apart all examples are sure, and what is asked later is rarely as plain as they."""

LEAST_GROUP = 30
"""Rows below which a group's figures are not compared."""

DOUBTFUL_FROM = 0.8
"""Probability of another class from which a row's label is worth a look."""

MOST_DOUBTFUL = 20
MOST_PAIRS = 10
MOST_GROUPS = 50
WIDEST_TABLE = 40
"""Classes up to which the card holds the whole confusion table."""


Verdict = Literal["worse", "better", "cannot tell", "too small"]


class Answers:
    """What the classifier said of each row, out of fold: its classes and their probabilities (n, classes)."""

    def __init__(self, probabilities: Floats, classes: Indices, labels: Sequence[str]) -> None:
        self.probabilities = probabilities
        self.classes = classes
        self.labels = list(labels)
        self.said: Indices = probabilities.argmax(axis=1)
        said: list[int] = self.said.tolist()
        true: list[int] = classes.tolist()
        self.said_labels = [self.labels[at] for at in said]
        self.true_labels = [self.labels[at] for at in true]
        self.confidence = probabilities.max(axis=1)
        self.right = self.said == classes
        self._counts = Counter(zip(self.true_labels, self.said_labels, strict=True))
        self.table = confusion(classes, self.said, len(labels))

    @property
    def accuracy(self) -> Share:
        """The share of right answers."""
        return wilson(int(self.right.sum()), len(self.right))

    @property
    def calibration_error(self) -> float:
        """How far confidence is from accuracy."""
        return calibration_error(self.confidence, self.right)

    def threshold(self) -> float:
        """The probability below which an answer is unknown: 95 % of the right ones are at or above it."""
        sure = self.confidence[self.right]
        if not len(sure):
            return 0.5
        return round(min(HIGHEST_THRESHOLD, max(0.5, float(np.quantile(sure, 1 - RIGHT_ANSWERED)))), 3)

    def coverage(self, threshold: float) -> Coverage:
        """How many rows are answered at a threshold, and how well."""
        given = self.confidence >= threshold
        accuracy = wilson(int(self.right[given].sum()), int(given.sum())) if given.any() else None
        return Coverage(
            threshold=threshold,
            answered=round(float(given.mean()), 4),
            accuracy=None if accuracy is None else interval(accuracy),
        )

    def class_reports(self) -> list[ClassReport]:
        """Precision and recall of each class."""
        return [
            ClassReport(
                label=label,
                examples=scores.count,
                precision=None if scores.precision is None else interval(scores.precision),
                recall=interval(scores.recall),
                f1=round(scores.f1, 4),
            )
            for label, scores in zip(self.labels, class_scores(self.table), strict=True)
        ]

    def confused_pairs(self) -> list[ConfusedPair]:
        """The most frequent confusions."""
        pairs = [
            ConfusedPair(label=label, taken_for=said, count=count)
            for (label, said), count in self._counts.items()
            if label != said
        ]
        return sorted(pairs, key=lambda pair: (-pair.count, pair.label, pair.taken_for))[:MOST_PAIRS]

    def doubtful_rows(self, rows: Sequence[int]) -> list[DoubtfulRow]:
        """Rows that look mislabelled, the surest first."""
        at = [int(i) for i in np.flatnonzero(~self.right & (self.confidence >= DOUBTFUL_FROM))]
        at.sort(key=lambda i: -self.confidence[i])
        return [
            DoubtfulRow(
                row=rows[i],
                label=self.true_labels[i],
                suggested=self.said_labels[i],
                probability=round(float(self.confidence[i]), 3),
            )
            for i in at[:MOST_DOUBTFUL]
        ]

    def group_reports(self, groups: Sequence[str | None], threshold: float) -> list[GroupReport]:
        """Each group against all other rows that have a group, the largest groups first.

        The interval of a gap is at 95 % for each group alone: of many groups some will seem to differ.
        """
        names = np.array([group or "" for group in groups])
        known = names != ""
        found: list[GroupReport] = []
        sizes = {str(name): int((names == name).sum()) for name in np.unique(names[known])}
        for name in sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_GROUPS]:
            own, rest = names == name, known & (names != name)
            accuracy = wilson(int(self.right[own].sum()), sizes[name])
            others = wilson(int(self.right[rest].sum()), int(rest.sum()))
            gap = difference(accuracy, others)
            found.append(
                GroupReport(
                    group=name,
                    accuracy=interval(accuracy),
                    gap=interval(gap),
                    unknown=round(float((self.confidence[own] < threshold).mean()), 4),
                    verdict=_verdict(gap, min(sizes[name], int(rest.sum()))),
                )
            )
        return found

    def warnings(self, groups: Sequence[GroupReport]) -> list[str]:
        """What the reader should not miss."""
        found: list[str] = []
        sizes = self.table.sum(axis=1)
        few = [
            f"{label!r} ({size})"
            for label, size in zip(self.labels, sizes, strict=True)
            if size < FEW_EXAMPLES
        ]
        if few:
            shown = ", ".join(few[:6]) + (f" and {len(few) - 6} more" if len(few) > 6 else "")
            found.append(f"Fewer than {FEW_EXAMPLES} examples: {shown}. Their figures are rough.")
        baseline = float(sizes.max()) / float(sizes.sum())
        if self.accuracy.low <= baseline:
            found.append("It is not shown to be better than always answering with the most frequent class.")
        if sizes.max() > 10 * sizes.min():
            found.append("Classes differ in size more than tenfold: look at each class, not at the accuracy.")
        for group in groups:
            if group.verdict == "worse":
                found.append(f"Group {group.group!r} gets right answers less often than the others.")
        small = [group.group for group in groups if group.verdict == "too small"]
        if small:
            found.append(f"Too few rows to compare: group {', '.join(map(repr, small[:6]))}.")
        return found


def limits(*, of_texts: bool) -> list[str]:
    """What holds for every classifier of this kind."""
    found = [
        "The figures hold for contents like the examples; other sources, times or languages may do worse.",
        "It knows only its classes. What fits none is answered 'unknown' often, not always.",
        "Wrong labels in the examples are learned; see the doubtful rows.",
    ]
    if of_texts:
        found.append("A text is judged by its meaning as a whole: negations and single words may be missed.")
    return found


def interval(share: Share) -> Interval:
    """The share as it stands on the card."""
    return Interval(
        value=round(share.value, 4), low=round(share.low, 4), high=round(share.high, 4), count=share.count
    )


def _verdict(gap: Share, smallest: int) -> Verdict:
    if smallest < LEAST_GROUP:
        return "too small"
    if gap.high < 0:
        return "worse"
    return "better" if gap.low > 0 else "cannot tell"
