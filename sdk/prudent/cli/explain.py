"""`prudent explain`: why the checks judge a text as they do, in the terminal or as a page.

The checks run here, with more time for each explanation than they have beside a request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prudent.types.content import Source

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def explain(
    text: Annotated[
        str | None, typer.Argument(help="The text; without it, what is piped in.", metavar="TEXT")
    ] = None,
    policy: Annotated[str, typer.Option(help="Policy that judges: a name or a file.")] = "default",
    source: Annotated[Source, typer.Option(help="Who wrote the text.")] = Source.USER,
    html: Annotated[
        Path | None, typer.Option(help="Write a page for a browser to this file too.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which words of a text carry a verdict.

    Exits with 1 where the policy blocks the text.
    """
    import json

    from prudent.cli.explain_html import as_page
    from prudent.cli.explain_view import print_explained
    from prudent.cli.terminal import read_piped_text
    from prudent.errors import StorageError
    from prudent_responsible_ai.assemble import build_pipeline
    from prudent_responsible_ai.explain.scoring import THOROUGH
    from prudent_responsible_ai.parts import Part
    from prudent_responsible_ai.policy_file import load_policy

    given = text if text is not None else read_piped_text()
    if not given or not given.strip():
        raise typer.BadParameter("there is no text, as an argument or through a pipe", param_hint="TEXT")
    loaded = load_policy(policy)
    # Whoever asks why waits for all checks.
    unhurried = loaded.model_copy(update={"budget_ms": None})
    pipeline = build_pipeline(unhurried, effort=THOROUGH)
    pipeline.warm_up()
    review = pipeline.review([Part(given, source)])
    (result,) = review.results
    if html is not None:
        try:
            html.write_text(as_page(given, result, loaded.name), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{html} cannot be written: {error.strerror}.") from None
    if as_json:
        found = {"policy": loaded.name, "action": review.action, **result.model_dump(mode="json")}
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        print_explained(given, result, loaded.name)
    if review.blocked:
        raise typer.Exit(1)
