"""`prudent train`: from a spreadsheet to a measured classifier. The work is the client's and the server's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Train a small classifier on examples of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


File = Annotated[Path, typer.Argument(help="A CSV, TSV or JSON Lines file.", metavar="FILE")]
Text = Annotated[
    str | None, typer.Option(help="Column of the texts; guessed if its name is evident.", metavar="COLUMN")
]
Label = Annotated[
    str | None, typer.Option(help="Column of the classes; guessed if its name is evident.", metavar="COLUMN")
]
Image = Annotated[
    str | None,
    typer.Option(help="Column of image paths, from the file's folder; instead of texts.", metavar="COLUMN"),
]
Group = Annotated[
    str | None,
    typer.Option(help="Column of groups, to see if it does worse for any of them.", metavar="COLUMN"),
]
Report = Annotated[Path | None, typer.Option(help="Write the card here too, as Markdown.", metavar="FILE")]
BaseUrl = Annotated[
    str | None,
    typer.Option(envvar="PRUDENT_BASE_URL", help="Server to train on; without one it is done here."),
]


@app.callback()
def train() -> None:
    """Train a small classifier on examples of your own."""


@app.command()
def classifier(
    file: File,
    text: Text = None,
    label: Label = None,
    image: Image = None,
    group: Group = None,
    name: Annotated[str | None, typer.Option(help="What to call it; the file's name if not given.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Model that reads the texts or images.")] = None,
    unknown_below: Annotated[
        float | None, typer.Option(min=0, max=1, help="Answer `unknown` below this probability.")
    ] = None,
    drop_rare: Annotated[
        bool, typer.Option("--drop-rare", help="Leave out classes with too few examples.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Draws the folds; the same seed, the same figures.")] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a classifier of this name.")] = False,
    report: Report = None,
    base_url: BaseUrl = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print classifier and card as JSON.")] = False,
) -> None:
    """Train a text or image classifier on a spreadsheet, and measure it.

    The first line names the columns. Ten to fifty examples of each class are a good beginning.
    """
    from prudent.cli.classifier_view import print_card, print_read
    from prudent.cli.connect import open_client
    from prudent.cli.waiting import Waiting
    from prudent.client.examples import name_from, read_examples

    read = read_examples(file, text=text, image=image, label=label, group=group, seed=seed)
    print_read(read)
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        waiting.begin()
        try:
            trained = client.classifiers.train(
                name or name_from(file),
                read.examples,
                encoder=encoder,
                seed=seed,
                drop_rare=drop_rare,
                unknown_below=unknown_below,
                replace=replace,
                left_out=read.left_out,
            )
        finally:
            waiting.over()
    if report is not None:
        from prudent.cli.classifier_markdown import as_markdown

        report.write_text(as_markdown(trained), encoding="utf-8")
    if as_json:
        typer.echo(trained.model_dump_json(indent=2, exclude_none=True))
    else:
        print_card(trained, read)
