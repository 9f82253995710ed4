"""How classifiers, their cards and their answers are shown to people. Measures nothing."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from prudent.cli.report import section, stdout
from prudent.cli.terminal import facts, visible
from prudent.client.examples import ExampleFile
from prudent.types.classifier_card import ClassifierCard, DoubtfulRow, Interval, SkippedRows
from prudent.types.classifiers import Classifications, Classifier

REASONS = {
    "empty": "without a text",
    "no_label": "without a class",
    "duplicate": "repeated",
    "conflicting": "of one text with different classes",
    "rare_class": "of classes with too few examples",
    "uneven": "with too many or too few cells",
    "not_drawn": "not drawn, since more than enough",
}
_ROWS_SHOWN = 5
_CLASSES_SHOWN = 30
_WORDS_SHOWN = 5
_MEANING = "recall: share of the class that is found; precision: share of its answers that are right"
_SNIPPET = 60
_LEAST_WEIGHT = 0.01


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.1f} %"


def interval(share: Interval) -> str:
    """A share with the bounds of its interval."""
    return f"{percent(share.value)} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def bounds(share: Interval) -> str:
    """Like `interval`, for a table: the bounds in whole points, never nearer than they are."""
    low, high = math.floor(100 * share.low), math.ceil(100 * share.high)
    return f"{percent(share.value)} ({low} to {high})"


def skipped_line(skipped: SkippedRows) -> str:
    """How many rows were left out, why, and which."""
    shown = ", ".join(map(str, skipped.rows[:_ROWS_SHOWN]))
    more = ", ..." if skipped.count > _ROWS_SHOWN else ""
    which = f" (row{'' if skipped.count == 1 else 's'} {shown}{more})" if shown else ""
    return f"{skipped.count:,} {REASONS[skipped.reason]}{which}"


def print_read(read: ExampleFile) -> None:
    """Say on stderr what was read of a file, before the training begins."""
    columns = read.columns
    used = [f"{'images' if columns.of_images else 'texts'} from {columns.content!r}"]
    used.append(f"classes from {columns.label!r}")
    if columns.group is not None:
        used.append(f"groups from {columns.group!r}")
    rows = len(read.table.rows) + len(read.table.uneven)
    facts([("read", f"{read.table.path.name}, {read.table.encoding}, {rows:,} rows: {', '.join(used)}")])


def print_card(classifier: Classifier, read: ExampleFile | None = None) -> None:
    """Write a card to stdout; with the file at hand, doubtful rows are quoted."""
    console, card = stdout(), classifier.card
    section(console, classifier.id, _data_facts(classifier))
    console.print()
    section(console, "how good it is, on rows that it had not seen", _measures(card))
    console.print()
    _print_classes(console, card)
    _print_confused(console, card)
    _print_groups(console, card)
    _print_doubtful(console, card.doubtful, read)
    for warning in card.warnings:
        console.print(Text.assemble(("warning: ", "yellow"), visible(warning)))
    if read is not None:
        example = "--image photo.jpg" if classifier.kind == "image" else '"..."'
        console.print(Text(f"try it: prudent classify {classifier.id} {example}", style="dim"))


def _data_facts(classifier: Classifier) -> list[tuple[str, str]]:
    data, encoder = classifier.card.data, classifier.card.encoder
    lines = [
        ("kind", f"{classifier.kind} classifier, {len(classifier.labels)} classes"),
        ("examples", f"{data.used:,} of {data.given:,} rows"),
    ]
    lines += [("left out" if at == 0 else "", skipped_line(one)) for at, one in enumerate(data.skipped)]
    lines.append(("encoder", f"{encoder.id} {encoder.sha256[:12]}, data {data.sha256[:12]}"))
    return lines


def _measures(card: ClassifierCard) -> list[tuple[str, str]]:
    lines = [
        ("accuracy", f"{interval(card.accuracy)}, {card.method.folds}-fold cross-validation"),
        ("baseline", f"{percent(card.baseline)}, by always answering {card.baseline_label!r}"),
        ("macro F1", f"{percent(card.macro_f1)}, mean over the classes"),
        ("calibration", f"probabilities are off by {100 * card.calibration_error:.1f} points on average"),
    ]
    answered = f"below {percent(card.unknown_below)}; {percent(card.answered)} of rows are answered"
    if card.answered_accuracy is not None:
        answered += f", {percent(card.answered_accuracy.value)} of them right"
    return [*lines, ("unknown", answered)]


def _print_classes(console: Console, card: ClassifierCard) -> None:
    table = _table("CLASS", "EXAMPLES", "RECALL", "PRECISION")
    worst_first = sorted(card.classes, key=lambda one: one.f1)
    for one in worst_first[:_CLASSES_SHOWN]:
        precision = "never said" if one.precision is None else bounds(one.precision)
        table.add_row(*map(_cell, (one.label, f"{one.examples:,}", bounds(one.recall), precision)))
    console.print(table)
    console.print(Text(_MEANING, style="dim"))
    if len(worst_first) > _CLASSES_SHOWN:
        console.print(Text(f"and {len(worst_first) - _CLASSES_SHOWN} classes that did better", style="dim"))
    console.print()


def _print_confused(console: Console, card: ClassifierCard) -> None:
    if card.confused:
        pairs = [
            ("", f"{visible(pair.label)} taken for {visible(pair.taken_for)}: {pair.count}")
            for pair in card.confused[:_ROWS_SHOWN]
        ]
        section(console, "most confused", pairs)
        console.print()


def _print_groups(console: Console, card: ClassifierCard) -> None:
    if not card.groups:
        return
    table = _table("GROUP", "ROWS", "ACCURACY", "TO THE OTHERS", "UNKNOWN", "VERDICT")
    for one in card.groups:
        gap = f"{100 * one.gap.value:+.0f} ({100 * one.gap.low:+.0f} to {100 * one.gap.high:+.0f})"
        cells = (one.group, f"{one.accuracy.count:,}", bounds(one.accuracy), gap, percent(one.unknown))
        table.add_row(*map(_cell, (*cells, one.verdict)))
    console.print(table)
    console.print()


def _print_doubtful(console: Console, doubtful: Sequence[DoubtfulRow], read: ExampleFile | None) -> None:
    if not doubtful:
        return
    quotes: dict[int, str] = {}
    if read is not None:
        cells = zip(read.table.numbers, read.table.rows, strict=True)
        quotes = {number: row[read.columns.content] for number, row in cells}
    lines: list[tuple[str, str]] = []
    for one in doubtful[: 2 * _ROWS_SHOWN]:
        quote = " ".join(quotes.get(one.row, "").split())
        shown = f": {quote[:_SNIPPET]}{'…' if len(quote) > _SNIPPET else ''}" if quote else ""
        said = f"{one.label} in the file, {percent(one.probability)} {one.suggested}{shown}"
        lines.append((f"row {one.row}", visible(said)))
    section(console, "labels to look at", lines)
    console.print()


def print_table(classifiers: Sequence[Classifier]) -> None:
    """Write one line a classifier to stdout."""
    table = _table("NAME", "KIND", "CLASSES", "EXAMPLES", "ACCURACY")
    for one in classifiers:
        card = one.card
        cells = (one.id, one.kind, f"{len(one.labels)}", f"{card.data.used:,}", interval(card.accuracy))
        table.add_row(*map(_cell, cells))
    if classifiers:
        stdout().print(table)
    else:
        sys.stderr.write("There are no classifiers yet: `prudent train classifier FILE` makes one.\n")


def print_answers(answers: Classifications, contents: Sequence[str]) -> None:
    """Write one line an answer to stdout, tab-separated; what else there is to say below it."""
    for answer, content in zip(answers.data, contents, strict=True):
        line = " ".join(content.split())
        said = answer.answer or "unknown"
        typer.echo(visible(f"{said}\t{percent(answer.probability)}\t{line}"))
        others = answer.scores if answer.unknown else answer.scores[1:]
        for score in others:
            typer.echo(
                visible(
                    f"  {'perhaps' if answer.unknown else 'or'} {score.label} {percent(score.probability)}"
                )
            )
        words = [word for word in answer.words or () if word.weight >= _LEAST_WEIGHT][:_WORDS_SHOWN]
        if words:
            shown = ", ".join(f"{word.text} ({100 * word.weight:.0f} points)" for word in words)
            typer.echo(visible(f"  because of {shown}"))
        elif answer.words is not None:
            typer.echo("  no single word decides")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for at, column in enumerate(columns):
        table.add_column(column, overflow="fold", justify="left" if at == 0 else "right")
    return table


def _cell(text: str) -> Text:
    return Text(visible(text))
