"""Examples to a measured classifier: clean, encode, cross-validate, fit, write the card.

It joins the parts and does the work of none. Knows no HTTP and no request.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from prudent.capabilities.classifiers.cleaning import Cleaned, RawExample, clean
from prudent.capabilities.classifiers.crossval import Chosen, cross_validate, fit_whole
from prudent.capabilities.classifiers.features import Encoding
from prudent.capabilities.classifiers.folds import FOLDS, assign_folds
from prudent.capabilities.classifiers.head import Head, Indices, Scaling
from prudent.capabilities.classifiers.reporting import THRESHOLDS, WIDEST_TABLE, Answers, interval, limits
from prudent.errors import InvalidRequestError
from prudent.types.classifier_card import (
    ClassifierCard,
    ClassifierData,
    ClassifierEncoder,
    ClassifierMethod,
    SkippedRows,
)
from prudent.types.classifiers import MAX_CLASSES, Classifier
from prudent.types.progress import Progress, ProgressListener

_ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train; see `TrainClassifierRequest`. `seed` draws the folds."""

    seed: int = 0
    drop_rare: bool = False
    unknown_below: float | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A classifier and what it computes with."""

    record: Classifier
    scaling: Scaling
    head: Head


def train(
    name: str,
    encoding: Encoding,
    examples: Sequence[RawExample],
    options: TrainingOptions,
    *,
    left_out: Sequence[SkippedRows] = (),
    check: Callable[[], None] = lambda: None,
    progress: ProgressListener | None = None,
) -> Trained:
    """Train a classifier.

    Args:
        name: what it will be called.
        encoding: makes the vectors.
        examples: what to learn from.
        options: how.
        left_out: rows that somebody left out before, for the card.
        check: called often; stops the work by raising.
        progress: told of examples read and folds done.

    Raises:
        InvalidRequestError: the examples do not suffice; the message says why.
    """
    started = time.monotonic()
    cleaned = clean(examples, drop_rare=options.drop_rare)
    _require_few(cleaned.labels)
    tell = _teller(name, progress, check)
    contents = [example.content for example in cleaned.kept]
    vectors = encoding.vectors(contents, lambda done: tell("encode", done, len(contents)))
    numbers = {label: number for number, label in enumerate(cleaned.labels)}
    classes: Indices = np.array([numbers[example.label] for example in cleaned.kept], np.int64)
    folds = assign_folds(classes, cleaned.duplicates, seed=options.seed)
    done = 0

    def on_fold() -> None:
        nonlocal done
        done += 1
        tell("train", done, FOLDS + 1)

    # The matrices are small: more threads than one spend their time waiting for each other.
    with threadpool_limits(1, user_api="blas"):
        chosen = cross_validate(vectors, classes, len(numbers), folds, on_fold=on_fold)
        scaling, head = fit_whole(vectors, classes, len(numbers), chosen.setting)
    on_fold()
    answers = Answers(chosen.probabilities, classes, cleaned.labels)
    data = ClassifierData(
        given=len(examples) + sum(one.count for one in left_out),
        used=len(contents),
        skipped=[*left_out, *_skipped(cleaned)],
        sha256=_data_sha256(cleaned),
    )
    encoder = ClassifierEncoder(id=encoding.id, sha256=encoding.sha256, size=vectors.shape[1])
    card = _card(answers, cleaned, data, encoder, chosen, options)
    card = card.model_copy(update={"seconds": round(time.monotonic() - started, 3)})
    record = Classifier(
        id=name, created=int(time.time()), kind=encoding.kind, labels=cleaned.labels, card=card
    )
    return Trained(record, scaling, head)


def _require_few(labels: Sequence[str]) -> None:
    if len(labels) > MAX_CLASSES:
        raise InvalidRequestError(
            f"There are {len(labels)} classes; at most {MAX_CLASSES} can be told apart.",
            hint="Check that the label column is the right one.",
            param="examples",
        )


def _card(
    answers: Answers,
    cleaned: Cleaned,
    data: ClassifierData,
    encoder: ClassifierEncoder,
    chosen: Chosen,
    options: TrainingOptions,
) -> ClassifierCard:
    threshold = answers.threshold() if options.unknown_below is None else options.unknown_below
    reports = answers.class_reports()
    groups = answers.group_reports([example.group for example in cleaned.kept], threshold)
    largest = max(reports, key=lambda report: report.examples)
    at_threshold = answers.coverage(threshold)
    return ClassifierCard(
        data=data,
        encoder=encoder,
        method=ClassifierMethod(
            strength=chosen.setting.strength,
            even=chosen.setting.even,
            temperature=chosen.temperature,
            folds=FOLDS,
            seed=options.seed,
        ),
        accuracy=interval(answers.accuracy),
        macro_f1=round(float(np.mean([report.f1 for report in reports])), 4),
        baseline=round(largest.examples / data.used, 4),
        baseline_label=largest.label,
        calibration_error=round(answers.calibration_error, 4),
        unknown_below=threshold,
        answered=at_threshold.answered,
        answered_accuracy=at_threshold.accuracy,
        coverage=[answers.coverage(one) for one in THRESHOLDS],
        classes=reports,
        confusion=answers.table.tolist() if len(reports) <= WIDEST_TABLE else None,
        confused=answers.confused_pairs(),
        doubtful=answers.doubtful_rows([example.place for example in cleaned.kept]),
        groups=groups,
        warnings=answers.warnings(groups),
        limits=limits(of_texts=isinstance(cleaned.kept[0].content, str)),
        seconds=0.0,
    )


def _teller(
    name: str, progress: ProgressListener | None, check: Callable[[], None]
) -> Callable[[Literal["encode", "train"], int, int], None]:
    def tell(stage: Literal["encode", "train"], done: int, total: int) -> None:
        check()
        if progress is not None:
            progress(Progress(stage, name, done, total))

    return tell


def _skipped(cleaned: Cleaned) -> list[SkippedRows]:
    return [
        SkippedRows.model_validate({"reason": reason, "count": len(places), "rows": places[:_ROWS_SHOWN]})
        for reason, places in cleaned.skipped.items()
        if places
    ]


def _data_sha256(cleaned: Cleaned) -> str:
    """Of labels and contents, each with its length, so that no two data sets run together."""
    digest = hashlib.sha256()
    for example in cleaned.kept:
        content = example.content if isinstance(example.content, bytes) else example.content.encode()
        for field in (example.label.encode(), content):
            digest.update(len(field).to_bytes(8, "big") + field)
    return digest.hexdigest()
