"""`prudent read`: the text in images and PDFs, to a pipe or a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_STANDARD_INPUT = Path("-")


@app.command()
def read(
    files: Annotated[
        list[Path], typer.Argument(help="Images or PDFs; - is standard input.", metavar="FILE...")
    ],
    pages: Annotated[
        str | None, typer.Option(help="Pages of a PDF, for example 1-3,7; all by default.", metavar="PAGES")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model that reads.", metavar="ID")] = None,
    words: Annotated[bool, typer.Option("--words", help="With --json, give each word its place.")] = False,
    text_layer: Annotated[
        bool, typer.Option(help="Use the text that a PDF brings with it, where it is sane.")
    ] = True,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the model runs here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each file's answer as JSON.")] = False,
) -> None:
    """Read the text in images and PDFs.

    In reading order: a line for each row, a tab between the cells of a table, an empty line between
    paragraphs, pages and files.
    """
    from prudent.cli.connect import open_client
    from prudent.cli.waiting import Waiting

    numbers = _numbers(pages)
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        for place, file in enumerate(files):
            waiting.begin()
            try:
                answer = client.vision.read(
                    sys.stdin.buffer.read() if file == _STANDARD_INPUT else file,
                    model=model,
                    pages=numbers,
                    words=words or None,
                    text_layer=None if text_layer else "never",
                )
            finally:
                waiting.over()
            if as_json:
                typer.echo(answer.model_dump_json(exclude_none=True))
            else:
                typer.echo(("\n" if place else "") + answer.text)


def _numbers(pages: str | None) -> list[int] | None:
    """Page numbers of a list of numbers and ranges."""
    if pages is None:
        return None
    from prudent.types.reading import MOST_PAGES

    numbers: list[int] = []
    for piece in pages.split(","):
        first, dash, last = piece.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise typer.BadParameter(f"{pages!r} is no list such as 1-3,7", param_hint="--pages")
        start, end = int(first), int(last or first)
        if start < 1 or end < start or end - start >= MOST_PAGES:
            raise typer.BadParameter(
                f"{piece.strip()!r} is no range of up to {MOST_PAGES} pages from 1", param_hint="--pages"
            )
        numbers += range(start, end + 1)
    return numbers
