"""`prudent bench`: a model's speed on this machine in about a minute."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from prudent.diagnosis.bench import BenchReport

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def bench(
    model: Annotated[
        str | None, typer.Argument(help="Chat model to measure. [default: the one of `prudent chat`]")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads to run on. [default: all that this process may use]")
    ] = None,
    pull: Annotated[bool, typer.Option("--pull", help="Fetch and compile the model if need be.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,
) -> None:
    """Measure a model on this machine in about a minute.

    The whole engine is timed, several rounds of everything: a prompt, and answers to 1, 4 and 8 requests at
    once. Figures are medians, with the lowest and the highest beside them.
    """
    from prudent.catalog import Catalog
    from prudent.cli.progress import show_progress
    from prudent.diagnosis.bench import run_bench
    from prudent.errors import ConflictError
    from prudent.runtime.threads import usable_cores
    from prudent.server.settings import Settings
    from prudent.store import model_state, open_decoder

    wanted = model or Settings.from_env().model
    entry = Catalog.load().get(wanted)
    if not pull and entry.task == "chat" and model_state(entry) != "compiled":
        raise ConflictError(
            f"{entry.id} is not compiled on this machine.", hint=f"Run `prudent bench {entry.id} --pull`."
        )
    with show_progress() as progress:
        artifact = open_decoder(entry.id, pull=pull, progress=progress)
        report = run_bench(artifact, threads=threads or usable_cores(), progress=progress)
    if as_json:
        typer.echo(json.dumps(as_data(report), ensure_ascii=False, indent=2))
    else:
        print_report(report)


def as_data(report: BenchReport) -> dict[str, Any]:
    """The report in JSON, with the medians."""
    data = asdict(report)
    for kept, measured in zip(data["measurements"], report.measurements, strict=True):
        kept["median"] = measured.median
    return data


def print_report(report: BenchReport) -> None:
    """Write the report to stdout."""
    from rich.table import Table
    from rich.text import Text

    from prudent.catalog.storage import megabytes
    from prudent.cli.report import matrices, stdout
    from prudent.runtime.machine import inspect_machine

    machine = inspect_machine()
    console = stdout()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(("", "MEDIAN", "LOWEST", "HIGHEST", "UNIT")):
        table.add_column(name, no_wrap=True, justify="right" if 0 < index < 4 else "left")
    for measured in report.measurements:
        values = (measured.median, min(measured.values), max(measured.values))
        digits = 2 if measured.unit == "s" else 1
        row = (measured.name, *(f"{value:,.{digits}f}" for value in values), measured.unit)
        table.add_row(*(Text(cell) for cell in row))
    rounds = len(report.measurements[0].values)
    resident = "unknown" if report.resident_bytes is None else megabytes(report.resident_bytes)
    console.print(Text(f"{report.model}, {report.target}; matrices: {matrices(report.precision)}"))
    console.print(
        Text(f"{machine.processor or machine.architecture}, {report.threads} threads, {rounds} rounds")
    )
    console.print()
    console.print(table)
    console.print()
    console.print(Text(f"loaded in {report.load_seconds:.1f} s; {resident} resident with everything"))
