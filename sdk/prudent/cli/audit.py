"""`prudent audit`: read and verify the audit trail. What is in it is prudent_responsible_ai's."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prudent.errors import NotFoundError

if TYPE_CHECKING:
    from prudent_responsible_ai.audit import AuditLog

app = typer.Typer(
    help="Read and verify the audit trail.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Log = Annotated[Path | None, typer.Option("--path", help="The log; by default the one in prudent's home.")]


@app.command()
def verify(path: Log = None, as_json: Json = False) -> None:
    """Say whether the trail is unbroken; exit with 1 and the first broken record where it is not."""
    result = _log(path).verify()
    if as_json:
        typer.echo(json.dumps(asdict(result), indent=2))
    elif result.ok:
        expired = f", records up to {result.expired_to} expired" if result.expired_to else ""
        typer.echo(f"unbroken: {result.records} records{expired}\nhead {result.head}")
    else:
        place = f" ({result.file}, line {result.line})" if result.file else ""
        typer.echo(f"BROKEN at record {result.sequence}{place}: {result.problem}")
    if not result.ok:
        raise typer.Exit(1)


@app.command()
def show(
    record: Annotated[str | None, typer.Argument(help="The audit id of a response.")] = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="How many of the latest records.")] = 20,
    path: Log = None,
    as_json: Json = False,
) -> None:
    """Show one record by its audit id, or the latest ones."""
    records = list(_log(path).records())
    if record is not None:
        found = [one for one in records if one.get("id") == record]
        if not found:
            raise NotFoundError(f"There is no audit record '{record}'.", hint="See: prudent audit show")
        typer.echo(json.dumps(found[0], indent=2))
        return
    for one in islice(records, max(0, len(records) - last), None):
        typer.echo(json.dumps(one) if as_json else _line(one))


def _log(path: Path | None) -> AuditLog:
    from prudent_responsible_ai.audit import AuditLog, audit_path
    from prudent_responsible_ai.policy import AuditSettings

    path = path or audit_path(AuditSettings())
    if not path.exists():
        raise NotFoundError(f"There is no audit log at {path}.", hint="Give its place with --path.")
    return AuditLog(path)


def _line(record: dict[str, Any]) -> str:
    body = record.get("body", {})
    about = f"{body.get('policy', '')} {body.get('action', '')} {body.get('model') or ''}".strip()
    identity = record.get("id") or "-"
    return f"{record.get('sequence'):>6}  {record.get('time')}  {record.get('kind'):<8}  {identity}  {about}"
