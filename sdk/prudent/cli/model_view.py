"""How `prudent models` shows a model: as JSON, in a table, at length. Changes nothing and fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import typer

from prudent.catalog.entry import ModelEntry
from prudent.catalog.fetch import is_fetched
from prudent.catalog.home import model_folder
from prudent.catalog.storage import megabytes
from prudent.runtime.artifact import Card, EncoderAccuracy, MeasuredAccuracy
from prudent.store import compiled_models

_PIPE_WIDTH = 1000
"""Columns allowed when nobody's screen has to hold them."""

State = Literal["available", "fetched", "compiled"]


def cards(entry: ModelEntry) -> list[Card]:
    """The cards of everything compiled from the model."""
    return [compiled.card for compiled in compiled_models(entry)]


def state(entry: ModelEntry) -> State:
    """How near the model is to running."""
    if cards(entry):
        return "compiled"
    return "fetched" if is_fetched(entry) else "available"


def folder(entry: ModelEntry) -> str:
    """Where the model's files are, or will be."""
    return str(entry.local.path.parent if entry.local else model_folder(entry.id))


def summary(entry: ModelEntry) -> dict[str, Any]:
    """A model in a line of JSON."""
    return {
        "id": entry.id,
        "aliases": list(entry.aliases),
        "task": entry.task,
        "license": entry.license,
        "bytes": entry.bytes,
        "channels": list(entry.channels),
        "state": state(entry),
    }


def details(entry: ModelEntry) -> dict[str, Any]:
    """Everything about a model in JSON."""
    return {
        **summary(entry),
        "family": entry.family,
        "upstream": entry.upstream,
        "sampling": entry.sampling.model_dump(exclude_none=True),
        "notes": entry.notes,
        "path": folder(entry),
        "files": [file.model_dump(include={"name", "sha256", "bytes"}) for file in entry.files],
        "compiled": [card.model_dump(mode="json") for card in cards(entry)],
    }


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write a value to stdout as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(entries: Iterable[ModelEntry]) -> None:
    """Write one line a model to stdout: aligned columns without a frame, and nothing cut off when piped."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("NAME", "TASK", "SIZE", "STATE"):
        table.add_column(name, no_wrap=True, justify="right" if name == "SIZE" else "left")
    table.add_column("LICENSE", overflow="fold")
    for entry in entries:
        row = (entry.id, entry.task, megabytes(entry.bytes), state(entry), entry.license)
        table.add_row(*(Text(cell) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PIPE_WIDTH)
    console.print(table)


def print_details(entry: ModelEntry) -> None:
    """Write what a person wants to know of a model to stdout."""
    facts = [
        ("name", entry.id),
        ("also called", ", ".join(entry.aliases)),
        ("task", entry.task),
        ("state", state(entry)),
        ("license", entry.license),
        ("upstream", entry.upstream),
        ("family", entry.family),
        ("sampling", ", ".join(f"{key} {value:g}" for key, value in entry.sampling if value is not None)),
        ("size", megabytes(entry.bytes)),
        ("channels", ", ".join(entry.channels)),
        ("path", folder(entry)),
        ("notes", entry.notes),
    ]
    for name, value in facts:
        if value:
            typer.echo(f"{name:<12} {value}")
    for file in entry.files:
        typer.echo(f"{'file':<12} {file.name}  {megabytes(file.bytes)}  sha256 {file.sha256}")
    for card in cards(entry):
        size = megabytes(card.weight_bytes)
        typer.echo(
            f"{'compiled':<12} {card.target}, {size}, compiler {card.compiler_version}, {accuracy_line(card)}"
        )


def accuracy_line(card: Card) -> str:
    """How exact a compiled model is, in words."""
    if card.accuracy is None:
        return "accuracy not measured"
    exact = card.accuracy
    if isinstance(exact, MeasuredAccuracy):
        measures = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in exact.measures.items()]
        return f"{', '.join(measures)} on {exact.samples} samples"
    if isinstance(exact, EncoderAccuracy):
        return (
            f"cosine {exact.mean_cosine:.4f} (least {exact.min_cosine:.4f}), same nearest text "
            f"{exact.nearest_agreement:.1%} as with float32 on {exact.texts} texts"
        )
    return (
        f"mean KL {exact.mean_kl:.4f} nats, greedy agreement {exact.greedy_agreement:.1%} "
        f"with float32 on {exact.tokens} tokens"
    )
