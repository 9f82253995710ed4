"""`prudent doctor`: what this machine is, how near prudent gets to its limits, and what to do about it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def doctor(
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Chat model to measure, if it is compiled here.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only look; measure nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,
) -> None:
    """Examine this machine: processor, limits, memory, models, speed.

    Takes about ten seconds. Nothing is fetched or changed. The exit code is 1 where prudent cannot run here.
    """
    from prudent.catalog import Catalog
    from prudent.cli.doctor_view import as_data, print_diagnosis
    from prudent.cli.progress import show_progress
    from prudent.diagnosis.doctor import examine
    from prudent.server.settings import Settings

    wanted = Catalog.load().get(model).id if model else Settings.from_env().model
    with show_progress() as progress:
        diagnosis = examine(wanted, quick=quick, progress=progress)
    if as_json:
        typer.echo(json.dumps(as_data(diagnosis), ensure_ascii=False, indent=2))
    else:
        print_diagnosis(diagnosis)
    if not diagnosis.usable:
        raise typer.Exit(1)
