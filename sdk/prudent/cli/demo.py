"""`prudent demo`: the main job from nothing, one question answered, with what was measured and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from prudent.cli.measured import Measured

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

QUESTION = "What is the capital of France?"
TOKENS = 200
"""Enough for a short answer, and an end to one that would ramble."""


@app.command()
def demo(
    question: Annotated[str, typer.Argument(help="What to ask.")] = QUESTION,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Model to ask.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print answer and figures as one JSON object.")
    ] = False,
) -> None:
    """Answer one question from nothing, with the figures.

    The first run fetches the model and compiles it; later runs start from the cache. The answer goes to
    stdout, everything else to stderr.
    """
    import json

    from prudent.cli.connect import open_client
    from prudent.cli.conversation import Conversation, Options
    from prudent.cli.measured import Measured, ask_measured
    from prudent.cli.terminal import discard, write_answer
    from prudent.cli.waiting import Waiting

    waiting = Waiting()
    with open_client(None, model=model, policy=None, progress=waiting) as client:
        conversation = Conversation(client, Options(model, temperature=0.0, max_tokens=TOKENS))
        write = discard if as_json else write_answer
        completion, figures = ask_measured(conversation, question, waiting, write)
        card = client.models.retrieve(completion.model).card
    measured = Measured(question, completion, figures, card)
    if as_json:
        typer.echo(json.dumps(measured.as_json(), ensure_ascii=False))
    else:
        typer.echo()
        report(measured)


def report(measured: Measured) -> None:
    """Write the figures to stderr, a line for each thing that one may want to know."""
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in lines(measured):
        table.add_row(name, value)
    console = Console(stderr=True, highlight=False, markup=False)
    console.print()
    console.print(table)


def lines(measured: Measured) -> list[tuple[str, str]]:
    """Return the report as pairs of a name and what is to be said of it."""
    from prudent.cli.verdicts import checks_that_ran, findings

    figures, completion = measured.figures, measured.completion
    said = [
        ("model", completion.model),
        *_of_card(measured.card),
        ("first words", f"{figures.first_text:.2f} s after the model was ready"),
        ("speed", f"{figures.tokens_per_second:.1f} tokens/s"),
        ("answer", f"{figures.completion_tokens} tokens in {figures.answer:.2f} s"),
        ("prepared in", f"{figures.prepare:.1f} s (fetch, compile and load what was missing)"),
        ("checks", ", ".join(checks_that_ran(completion)) or "none ran"),
        *(("found", line) for line in findings(completion) or ["nothing"]),
    ]
    if completion.safety is not None:
        safety = completion.safety
        said.append(("policy", f"{safety.policy} ({safety.policy_hash[:12]}), action: {safety.action}"))
        said.append(("audit", safety.audit_id or "not recorded: no audit file is set"))
    return said


def _of_card(card: dict[str, Any] | None) -> list[tuple[str, str]]:
    from prudent.catalog.storage import megabytes
    from prudent.cli.model_view import accuracy_line
    from prudent.runtime.artifact import Card

    if card is None:
        return []
    known = Card.model_validate(card)
    return [
        ("precision", f"{known.target}, {megabytes(known.weight_bytes)}"),
        ("accuracy", accuracy_line(known)),
    ]
