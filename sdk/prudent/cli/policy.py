"""`prudent policy`: list, validate and show policies. What a policy means is prudent_responsible_ai's."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(
    help="List, show and validate the policies of the checks.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="A built-in name, or the path of a YAML file.")]


@app.command("list")
def list_policies(as_json: Json = False) -> None:
    """List the policies that come with prudent."""
    from prudent_responsible_ai.policy_file import built_in_policies, load_policy

    policies = [load_policy(name) for name in built_in_policies()]
    if as_json:
        rows = [
            {"name": policy.name, "description": policy.description, "hash": policy.hash}
            for policy in policies
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for policy in policies:
        typer.echo(f"{policy.name:<12} {policy.description}")


@app.command()
def check(policy: Name, as_json: Json = False) -> None:
    """Say whether a policy is valid: keys, values, what it extends, and the checks that it names."""
    from prudent_responsible_ai.assemble import build_pipeline
    from prudent_responsible_ai.policy_file import load_policy

    loaded = load_policy(policy)
    build_pipeline(loaded)
    rules = sum(map(len, loaded.rules.values()))
    if as_json:
        typer.echo(json.dumps({"valid": True, "name": loaded.name, "hash": loaded.hash, "rules": rules}))
        return
    typer.echo(f"{loaded.name}: valid, {rules} rules, hash {loaded.hash[:12]}")


@app.command()
def show(
    policy: Annotated[str, typer.Argument(help="A built-in name, or a path.")] = "default",
    as_json: Json = False,
) -> None:
    """Show a policy as it is in force: everything that it extends folded in."""
    from prudent_responsible_ai.policy_file import load_policy

    loaded = load_policy(policy)
    if as_json:
        typer.echo(json.dumps({**loaded.model_dump(mode="json"), "hash": loaded.hash}, indent=2))
        return
    typer.echo(f"{loaded.name} {loaded.version}: {loaded.description}".rstrip(": "))
    typer.echo(
        f"hash {loaded.hash}\nstreaming {loaded.streaming}, audit {'on' if loaded.audit.enabled else 'off'}"
    )
    for source, rules in loaded.rules.items():
        typer.echo(f"\n{source}")
        for rule in rules:
            where = f"{rule.check}/{rule.category}" if rule.category else rule.check
            typer.echo(
                f"  {where:<20} severity >= {rule.severity}  {rule.action:<9} on error {rule.on_error}"
            )
