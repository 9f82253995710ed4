"""One question answered from nothing, with what was measured and checked: `prudent demo --chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from prudent.cli.measured import Measured

TOKENS = 200
"""Enough for a short answer, and an end to one that would ramble."""


def short_demo(question: str, *, model: str | None, as_json: bool) -> None:
    """Answer a question; the answer goes to stdout, the figures to stderr."""
    import json

    from prudent.cli.connect import open_client
    from prudent.cli.conversation import Conversation, Options
    from prudent.cli.measured import Measured, ask_measured
    from prudent.cli.terminal import discard, facts, write_answer
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
        typer.echo(err=True)
        facts(report(measured))


def report(measured: Measured) -> list[tuple[str, str]]:
    """Return what is to be said of an answer, as names and values."""
    from prudent.cli.verdicts import checks_that_ran, findings

    completion, figures = measured.completion, measured.figures
    said = [("model", completion.model), *_of_card(measured.card)]
    if figures.first_token is not None:
        said.append(("first token", f"{figures.first_token:.2f} s; {figures.prompt_tokens} tokens of prompt"))
    if figures.tokens_per_second is not None:
        said.append(
            ("speed", f"{figures.tokens_per_second:.1f} tokens/s; {figures.completion_tokens} tokens")
        )
    said += [
        ("answer", f"{figures.answer:.2f} s, checks included; {figures.prepare:.1f} s before to get ready"),
        ("checks", ", ".join(checks_that_ran(completion)) or "none ran"),
        *(("found", line) for line in findings(completion) or ["nothing"]),
    ]
    if completion.safety is not None:
        safety = completion.safety
        said.append(("policy", f"{safety.policy} ({safety.policy_hash[:12]})"))
        said.append(("audit", safety.audit_id or "not recorded"))
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
