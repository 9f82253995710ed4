"""`prudent classifiers`: list, show and remove the classifiers of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="List, show and remove the classifiers that were trained here.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
BaseUrl = Annotated[
    str | None,
    typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one, this machine's own."),
]
Name = Annotated[str, typer.Argument(help="Name of the classifier.", metavar="NAME")]


@app.command("list")
def list_classifiers(base_url: BaseUrl = None, as_json: AsJson = False) -> None:
    """Show every classifier with its kind, classes and accuracy."""
    from prudent.cli.classifier_view import print_table
    from prudent.client import Client

    with Client(base_url) as client:
        found = client.classifiers.list()
    if as_json:
        typer.echo(found.model_dump_json(indent=2, exclude_none=True))
    else:
        print_table(found.data)


@app.command()
def show(
    name: Name,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write the card as Markdown.")] = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a classifier's card: data, accuracy, confusions, groups, limits."""
    from prudent.cli.classifier_markdown import as_markdown
    from prudent.cli.classifier_view import print_card
    from prudent.client import Client

    with Client(base_url) as client:
        found = client.classifiers.retrieve(name)
    if as_json:
        typer.echo(found.model_dump_json(indent=2, exclude_none=True))
    elif markdown:
        typer.echo(as_markdown(found), nl=False)
    else:
        print_card(found)


@app.command()
def rm(name: Name, base_url: BaseUrl = None, as_json: AsJson = False) -> None:
    """Remove a classifier."""
    from prudent.client import Client

    with Client(base_url) as client:
        removed = client.classifiers.delete(name)
    typer.echo(removed.model_dump_json() if as_json else f"{removed.id}: removed")
