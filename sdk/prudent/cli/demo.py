"""`prudent demo`: the whole mission on a prepared folder, or with --chat one question and its figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from prudent.cli.mission.telling import Told

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

QUESTION = "What is the capital of France?"


@app.command()
def demo(
    chat: Annotated[str | None, typer.Option("--chat", help="Answer this one question instead.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Model to ask.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the one write without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Work through a desk: hear, plan, ask, act, answer, speak.

    A voice memo says what is to be done: a receipt is read and booked once you agree, the answer comes from a
    handbook with its source, and an order that somebody hid in a letter is taken out.

    The first run fetches the models and compiles them; later runs start from the cache. The answer goes to
    stdout, everything else to stderr. With --chat one question is answered, with the figures.
    """
    if chat is not None:
        from prudent.cli.short_demo import short_demo

        short_demo(chat, model=model, as_json=as_json)
        return
    from prudent.cli.connect import open_client
    from prudent.cli.mission.telling import mission
    from prudent.cli.waiting import Waiting

    waiting = Waiting()
    waiting.begin()
    with open_client(None, model=model, policy=None, progress=waiting) as client:
        told = mission(client, model=model, approve_all=yes, quiet=as_json, waiting=waiting)
    _print(told, as_json=as_json)
    if told.status != "done":
        raise typer.Exit(1)


def _print(told: Told, *, as_json: bool) -> None:
    typer.echo(json.dumps(told.as_json(), ensure_ascii=False) if as_json else told.answer)
