"""What is known of a trained classifier: its data, how it was made, how good it is, and what to doubt.

A card holds no example: rows are named by their number. Shares are between 0 and 1.
"""

from __future__ import annotations

from typing import Literal

from prudent.types.base import ResponseModel


class Interval(ResponseModel):
    """A measured share of `count` cases; the true one lies in [low, high] in 95 of 100 such measurements."""

    value: float
    low: float
    high: float
    count: int


class SkippedRows(ResponseModel):
    """Rows that were not learned from. `rows` are the first few of `count`.

    `uneven` rows of a table had too many or too few cells; `not_drawn` were more than are used.
    """

    reason: Literal["empty", "no_label", "duplicate", "conflicting", "rare_class", "uneven", "not_drawn"]
    count: int
    rows: list[int] = []


class ClassifierData(ResponseModel):
    """What it was trained on. `sha256` is of the examples that were used, in their order."""

    given: int
    used: int
    skipped: list[SkippedRows]
    sha256: str


class ClassifierEncoder(ResponseModel):
    """The model that makes vectors. `sha256` is of its source files, precision and way of reading."""

    id: str
    sha256: str
    size: int


class ClassifierMethod(ResponseModel):
    """How the head was made; `seed` and the data reproduce it. `even` weighs every class the same."""

    head: Literal["multinomial logistic regression"] = "multinomial logistic regression"
    strength: float
    even: bool
    temperature: float
    folds: int
    seed: int


class ClassReport(ResponseModel):
    """One class, out of fold. `precision` None: it was never the answer."""

    label: str
    examples: int
    precision: Interval | None
    recall: Interval
    f1: float


class ConfusedPair(ResponseModel):
    """How often rows of one class were taken for another."""

    label: str
    taken_for: str
    count: int


class DoubtfulRow(ResponseModel):
    """A row whose label the classifier, not having seen it, contradicts with confidence."""

    row: int
    label: str
    suggested: str
    probability: float


class GroupReport(ResponseModel):
    """Accuracy of one group beside that of everybody else.

    `verdict` is "cannot tell" where the group is too small or the interval of the gap holds 0.
    """

    group: str
    accuracy: Interval
    gap: Interval
    unknown: float
    verdict: Literal["worse", "better", "cannot tell", "too small"]


class Coverage(ResponseModel):
    """What follows from answering only at this probability or above."""

    threshold: float
    answered: float
    accuracy: Interval | None


class ClassifierCard(ResponseModel):
    """All of it. Every figure is out of fold: of rows that neither head nor settings had seen."""

    data: ClassifierData
    encoder: ClassifierEncoder
    method: ClassifierMethod
    accuracy: Interval
    macro_f1: float
    baseline: float
    baseline_label: str
    calibration_error: float
    unknown_below: float
    answered: float
    answered_accuracy: Interval | None
    coverage: list[Coverage]
    classes: list[ClassReport]
    confusion: list[list[int]] | None
    confused: list[ConfusedPair]
    doubtful: list[DoubtfulRow]
    groups: list[GroupReport] = []
    warnings: list[str]
    limits: list[str]
    seconds: float
