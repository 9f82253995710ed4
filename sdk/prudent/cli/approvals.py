"""`prudent approvals`: requests that a policy holds until a person has looked at them."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from prudent_responsible_ai.approvals import Approvals

app = typer.Typer(
    help="Approve or deny requests that a policy holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Digest = Annotated[str, typer.Argument(help="The request's digest, or its beginning.")]


@app.command(name="list")
def list_them(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the latest requests that were held, and where they stand."""
    found = _approvals().latest()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    if not found:
        typer.echo("No request was held.")
    for one in found:
        asked = datetime.datetime.fromtimestamp(one.asked).astimezone().strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{one.digest[:12]}  {asked}  {one.state:9} {one.about}")


@app.command()
def approve(digest: Digest) -> None:
    """Let a request through, once, when it is sent again."""
    one = _approvals().decide(digest, approve=True)
    typer.echo(f"Approved {one.digest[:12]} ({one.about}). It goes through once, when it is sent again.")


@app.command()
def deny(digest: Digest) -> None:
    """Refuse a request for good."""
    one = _approvals().decide(digest, approve=False)
    typer.echo(f"Denied {one.digest[:12]} ({one.about}).")


def _approvals() -> Approvals:
    from prudent_responsible_ai.approvals import Approvals, approvals_file

    return Approvals(approvals_file())
