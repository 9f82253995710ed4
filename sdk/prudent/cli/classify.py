"""`prudent classify`: ask a classifier about a text, an image, or each line of a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def classify(
    name: Annotated[str, typer.Argument(help="Name of the classifier.", metavar="NAME")],
    text: Annotated[
        list[str] | None,
        typer.Argument(help="Texts to classify; without any, each line that is piped in.", metavar="TEXT..."),
    ] = None,
    image: Annotated[
        list[Path] | None, typer.Option(help="Images to classify instead; may be repeated.", metavar="FILE")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say which words mattered.")] = False,
    top_k: Annotated[int, typer.Option("--top", min=1, help="How many classes to show of each.")] = 1,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the model runs here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Ask a classifier of your own.

    One line an answer, tab-separated: the class (or `unknown`), its probability, the text.
    """
    from prudent.cli.classifier_view import print_answers
    from prudent.cli.connect import open_client
    from prudent.cli.terminal import read_piped_text
    from prudent.cli.waiting import Waiting
    from prudent.client.examples import in_batches

    texts = text or []
    if not texts and not image:
        texts = [line.strip() for line in (read_piped_text() or "").splitlines() if line.strip()]
    if not texts and not image:
        raise typer.BadParameter("give a text, or pipe lines in", param_hint="TEXT")
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        waiting.begin()
        for texts_now, images_now in in_batches(texts, image or []):
            try:
                answers = client.classifiers.predict(
                    name,
                    texts_now or None,
                    image=images_now or None,
                    top_k=max(top_k, 1),
                    explain=explain or None,
                )
            finally:
                waiting.over()
            if as_json:
                typer.echo(answers.model_dump_json(exclude_none=True))
            else:
                print_answers(answers, texts_now or [str(path) for path in images_now])
