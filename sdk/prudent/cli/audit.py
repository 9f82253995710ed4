"""`prudent audit`: read, follow, verify, export and sign the audit trail. It is prudent_responsible_ai's."""

from __future__ import annotations

import csv
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from prudent.cli.audit_view import line, lines
from prudent.errors import InvalidRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prudent_responsible_ai.audit import AuditLog, Checkpoint

app = typer.Typer(
    help="Read, verify and export the audit trail.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Log = Annotated[Path | None, typer.Option("--path", help="The log; by default that of a server here.")]
Last = Annotated[int, typer.Option("--last", "-n", min=1, help="How many of the latest records.")]

_FOLLOW_EVERY_S = 0.5


@app.command()
def verify(
    path: Log = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that was kept elsewhere; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether the trail is unbroken; exit with 1 and the first broken record where it is not."""
    result = _log(path).verify([_read_checkpoint(file) for file in checkpoint or ()])
    if as_json:
        typer.echo(json.dumps(asdict(result), indent=2))
    elif result.ok:
        expired = f", records up to {result.expired_to} expired" if result.expired_to else ""
        signed = f", signed up to {result.signed_to}" if result.signed_to else ""
        typer.echo(f"unbroken: {result.records} records{signed}{expired}\nhead {result.head}")
    else:
        typer.echo(f"BROKEN at record {result.sequence}: {result.problem}")
    if not result.ok:
        raise typer.Exit(1)


@app.command()
def show(
    record: Annotated[str | None, typer.Argument(help="The audit id of a response.")] = None,
    last: Last = 20,
    path: Log = None,
    as_json: Json = False,
) -> None:
    """Show one record by its audit id, or the latest ones."""
    log = _log(path)
    if record is None:
        _print(log.latest(last), as_json)
        return
    found = log.record(record)
    if found is None:
        raise NotFoundError(f"There is no audit record '{record}'.", hint="See: prudent audit show")
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(lines(found)))


@app.command()
def tail(last: Last = 10, path: Log = None, as_json: Json = False) -> None:
    """Show the latest records and then each new one, until Ctrl-C."""
    log = _log(path)
    shown = log.latest(last)
    while True:
        _print(shown, as_json)
        sys.stdout.flush()
        reached = shown[-1]["sequence"] if shown else 0
        shown = []
        while not shown:
            time.sleep(_FOLLOW_EVERY_S)
            shown = list(log.records(reached))


@app.command()
def export(
    kind: Annotated[
        Literal["jsonl", "csv"], typer.Option("--format", help="jsonl has everything.")
    ] = "jsonl",
    since: Annotated[str, typer.Option(help="Records from this day or time (ISO 8601) on.")] = "",
    path: Log = None,
) -> None:
    """Write the records to stdout, oldest first."""
    records = (record for record in _log(path).records() if record["time"] >= since)
    if kind == "jsonl":
        for record in records:
            typer.echo(json.dumps(record))
        return
    columns = ("sequence", "id", "time", "kind", "outcome", "route", "model", "policy", "action", "user")
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({**record["body"], **{name: record[name] for name in columns[:4]}})


@app.command()
def checkpoint(path: Log = None) -> None:
    """Sign the trail as it is now, and print the signature: keep it where this machine cannot change it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    log = _log(path)
    signed = log.checkpoint()
    if signed is None:
        raise NotFoundError("There is no audit record to sign yet.")
    public = log.keys.public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    typer.echo(json.dumps({**asdict(signed), "public_key": public}, indent=2))


@app.command()
def erase(
    user: Annotated[str, typer.Argument(help="The user id, as requests name it.")], path: Log = None
) -> None:
    """Destroy a user's key: the records stay, and nobody can tell any more that they were this user's."""
    if not _log(path).erase(user):
        raise NotFoundError(
            "The trail has no key of this user.", hint="Was the id written as in the requests?"
        )
    typer.echo("erased")


def _log(path: Path | None) -> AuditLog:
    from prudent_responsible_ai.audit import AuditLog

    path = path or _path_of_server()
    if not path.exists():
        raise NotFoundError(f"There is no audit log at {path}.", hint="Give its place with --path.")
    return AuditLog(path)


def _path_of_server() -> Path:
    """Where a server with this environment keeps its log."""
    from prudent.server.settings import Settings
    from prudent_responsible_ai.audit import audit_path
    from prudent_responsible_ai.policy_file import load_policy

    settings = Settings.from_env()
    return settings.audit_path or audit_path(load_policy(settings.policy).audit)


def _read_checkpoint(file: Path) -> Checkpoint:
    from prudent_responsible_ai.audit import Checkpoint

    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        return Checkpoint(int(read["sequence"]), str(read["hash"]), str(read["time"]), str(read["signature"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequestError(
            f"{file} is not a checkpoint.", hint="It is what `prudent audit checkpoint` printed."
        ) from error


def _print(records: Iterable[dict[str, Any]], as_json: bool) -> None:
    for record in records:
        typer.echo(json.dumps(record) if as_json else line(record))
