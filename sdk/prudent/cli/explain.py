"""`prudent explain`: why the checks judge a text as they do, in the terminal or as a page.

The checks run here, with more time for each explanation than they have beside a request.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prudent.types.content import Source

if TYPE_CHECKING:
    from prudent.types.safety import PromptFilterResult

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
    answer: Annotated[
        bool, typer.Option("--answer", help="Have a model answer it, and explain what is found there too.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Model that answers.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which words of a text carry a verdict.

    With --answer and a policy that compares answers (finance does), a request for a decision about somebody
    is answered about somebody else too, and both answers are shown. Exits with 1 where the policy blocks the
    text or the answer.
    """
    import json

    from prudent.cli.explain_html import as_page
    from prudent.cli.explain_view import print_explained
    from prudent.cli.terminal import read_piped_text
    from prudent.errors import StorageError
    from prudent_responsible_ai.assemble import open_pipeline
    from prudent_responsible_ai.explain.scoring import THOROUGH
    from prudent_responsible_ai.parts import Part

    given = text if text is not None else read_piped_text()
    if not given or not given.strip():
        raise typer.BadParameter("there is no text, as an argument or through a pipe", param_hint="TEXT")
    # Whoever asks why waits for all checks.
    pipeline = open_pipeline(policy, effort=THOROUGH, unhurried=True)
    name = pipeline.policy.name
    pipeline.warm_up(source)
    review = pipeline.review([Part(given, source)])
    explained = [(given, review.results[0])]
    if answer and not review.blocked:
        explained.append(_answered(given, source, policy, model))
    if html is not None:
        try:
            html.write_text(as_page(explained, name), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{html} cannot be written: {error.strerror}.") from None
    if as_json:
        result, *answers = [one.model_dump(mode="json") for _, one in explained]
        found = {"policy": name, "action": review.action, **result}
        for (said, _), results in zip(explained[1:], answers, strict=True):
            found["answer"] = {"text": said, "content_filter_results": results["content_filter_results"]}
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for said, result in explained:
            print_explained(said, result, name)
    if any(one.filtered for _, result in explained for one in result.content_filter_results.values()):
        raise typer.Exit(1)


def _answered(text: str, source: Source, policy: str, model: str | None) -> tuple[str, PromptFilterResult]:
    """What a model answers, as far as the policy lets it out, and the verdicts on it."""
    from prudent.cli.connect import open_client
    from prudent.cli.waiting import Waiting
    from prudent.types.safety import Action, PromptFilterResult

    if source is not Source.USER:
        raise typer.BadParameter("only a text of the user is answered", param_hint="--answer")
    waiting = Waiting()
    with open_client(None, model=model, policy=policy, progress=waiting) as client:
        waiting.begin()
        try:
            done = client.chat.completions.create(messages=[{"role": "user", "content": text}], temperature=0)
        finally:
            waiting.over()
    (choice,) = done.choices
    results = choice.content_filter_results
    if any(one.action.rank > Action.ANNOTATE.rank for one in results.values()):
        # What went out is not what was checked: places in the one say nothing about the other.
        results = {name: one.model_copy(update={"spans": []}) for name, one in results.items()}
    return choice.message.content or "", PromptFilterResult(
        prompt_index=0, source=Source.ASSISTANT, content_filter_results=results
    )
