"""`prudent embed`: the vectors of texts, as JSON, to a pipe."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def embed(
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="Texts; without any, the lines that are piped in.", metavar="TEXT..."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Model that embeds.", metavar="ID")
    ] = None,
    input_type: Annotated[
        str, typer.Option(help="query, or passage for what may answer one.", metavar="KIND")
    ] = "query",
    dimensions: Annotated[int | None, typer.Option(min=1, help="Numbers to keep of each vector.")] = None,
    truncate: Annotated[bool, typer.Option("--truncate", help="Cut texts that are too long.")] = False,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the model runs here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
) -> None:
    """Make vectors of texts.

    One line of JSON a text, in order. The product of two vectors is the cosine of the texts.
    """
    import json
    from typing import get_args

    from prudent.cli.connect import open_client
    from prudent.cli.terminal import read_piped_text
    from prudent.cli.waiting import Waiting
    from prudent.types.embeddings import InputType

    kind = next((known for known in get_args(InputType) if known == input_type), None)
    if kind is None:
        raise typer.BadParameter(f"use one of {', '.join(get_args(InputType))}", param_hint="--input-type")
    given = texts or [line for line in (read_piped_text() or "").splitlines() if line.strip()]
    if not given:
        raise typer.BadParameter("there is no text, as an argument or through a pipe", param_hint="TEXT")
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        waiting.begin()
        try:
            answer = client.embeddings.create(
                input=given, model=model, input_type=kind, dimensions=dimensions, truncate=truncate
            )
        finally:
            waiting.over()
    for text, vector in zip(given, answer.vectors, strict=True):
        typer.echo(json.dumps({"text": text, "embedding": vector}, ensure_ascii=False))
