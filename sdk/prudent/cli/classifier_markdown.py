"""A classifier's card as a Markdown page, to be kept beside the data or sent on. Measures nothing."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from prudent.cli.classifier_view import interval, percent, skipped_line
from prudent.types.classifier_card import ClassifierCard
from prudent.types.classifiers import Classifier

_ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>|#"})


def as_markdown(classifier: Classifier) -> str:
    """The whole card. It holds labels, groups and row numbers, and no text of the data."""
    return "\n".join(_lines(classifier)) + "\n"


def _lines(classifier: Classifier) -> Iterator[str]:
    card = classifier.card
    made = datetime.datetime.fromtimestamp(classifier.created, datetime.UTC)
    yield f"# {_text(classifier.id)}"
    yield ""
    yield (
        f"A classifier of {classifier.kind}s with {len(classifier.labels)} classes, trained {made:%Y-%m-%d} "
        f"on {card.data.used:,} of {card.data.given:,} rows. Every figure is of rows that neither the "
        f"classifier nor its settings had seen ({card.method.folds}-fold cross-validation); intervals "
        "are at 95 %."
    )
    yield from _section("Warnings", (f"- {_text(warning)}" for warning in card.warnings))
    answered = card.answered_accuracy
    right = "" if answered is None else f", {percent(answered.value)} of them right"
    yield from _section(
        "How good it is",
        _table(
            ("measure", "value"),
            [
                ("accuracy", interval(card.accuracy)),
                ("baseline", f"{percent(card.baseline)} by always answering {card.baseline_label}"),
                ("macro F1", percent(card.macro_f1)),
                ("expected calibration error", f"{100 * card.calibration_error:.1f} points"),
                (f"answered at {percent(card.unknown_below)} and above", f"{percent(card.answered)}{right}"),
            ],
        ),
    )
    yield from _classes(classifier)
    yield from _groups(card)
    coverage = [
        (
            percent(one.threshold),
            percent(one.answered),
            "-" if one.accuracy is None else interval(one.accuracy),
        )
        for one in card.coverage
    ]
    yield from _section("Answering only when sure", _table(("at or above", "answered", "right"), coverage))
    if card.doubtful:
        doubtful = [(one.row, one.label, one.suggested, percent(one.probability)) for one in card.doubtful]
        yield from _section(
            "Labels to look at", _table(("row", "label", "looks like", "probability"), doubtful)
        )
    yield from _section("Left out", (f"- {skipped_line(one)}" for one in card.data.skipped))
    yield from _section("Limits", (f"- {_text(limit)}" for limit in card.limits))
    yield from _section("How it was made", _made(classifier))


def _classes(classifier: Classifier) -> Iterator[str]:
    card = classifier.card
    rows = [
        (one.label, one.examples, "never said" if one.precision is None else interval(one.precision),
         interval(one.recall), percent(one.f1))
        for one in card.classes
    ]  # fmt: skip
    yield from _section("Classes", _table(("class", "examples", "precision", "recall", "F1"), rows))
    if card.confused:
        pairs = [(pair.label, pair.taken_for, pair.count) for pair in card.confused]
        yield from _section("Most confused", _table(("class", "taken for", "rows"), pairs))
    if card.confusion is not None:
        table = [(label, *counts) for label, counts in zip(classifier.labels, card.confusion, strict=True)]
        yield from _section("Confusion (row: class, column: answer)", _table(("", *classifier.labels), table))


def _groups(card: ClassifierCard) -> Iterator[str]:
    if card.groups:
        groups = [
            (one.group, one.accuracy.count, interval(one.accuracy),
             f"{100 * one.gap.value:+.1f} ({100 * one.gap.low:+.1f} to {100 * one.gap.high:+.1f})",
             percent(one.unknown), one.verdict)
            for one in card.groups
        ]  # fmt: skip
        head = ("group", "rows", "accuracy", "gap to the others, points", "unknown", "verdict")
        yield from _section("Groups", _table(head, groups))


def _made(classifier: Classifier) -> Iterator[str]:
    card = classifier.card
    method, weighing = (
        card.method,
        "every class weighs the same" if card.method.even else "every row weighs the same",
    )
    yield (
        f"- {method.head}, L2 strength {method.strength:g}, temperature {method.temperature:.3g}, {weighing}"
    )
    yield f"- folds {method.folds}, seed {method.seed}, {card.seconds:.1f} s"
    yield f"- encoder {_text(card.encoder.id)}, {card.encoder.size} numbers, sha256 `{card.encoder.sha256}`"
    yield f"- data sha256 `{card.data.sha256}`"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = list(lines)
    if body:
        yield from ("", f"## {title}", "", *body)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_text, head))} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(_text(str(cell)) for cell in row)} |"


def _text(text: str) -> str:
    return " ".join(text.translate(_ESCAPED).split())
