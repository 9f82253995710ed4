"""`prudent policy`: policies listed, validated, explained, compared and tried.

What a policy means is prudent_responsible_ai's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="List, check, explain, compare and try policies.",
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
    from prudent_responsible_ai.assemble import open_pipeline

    loaded = open_pipeline(policy).policy
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


@app.command()
def explain(policy: Annotated[str, typer.Argument(help="A built-in name, or a path.")] = "default") -> None:
    """Say in plain words what a policy does with every kind of text."""
    from prudent_responsible_ai.policy_file import load_policy
    from prudent_responsible_ai.policy_words import in_words

    typer.echo("\n".join(in_words(load_policy(policy))))


@app.command()
def diff(old: Name, new: Name, as_json: Json = False) -> None:
    """Say what changes from one policy to another."""
    from prudent_responsible_ai.policy_file import load_policy
    from prudent_responsible_ai.policy_words import differences

    before, after = load_policy(old), load_policy(new)
    lines = differences(before, after)
    if as_json:
        same = before.hash == after.hash
        typer.echo(
            json.dumps({"old": before.hash, "new": after.hash, "same_rules": same, "differences": lines})
        )
        return
    typer.echo("\n".join(lines) if lines else f"{before.name} and {after.name} do the same.")


@app.command("test")
def try_cases(
    policy: Name,
    cases: Annotated[Path, typer.Argument(help="YAML file: cases, each with text, source and expect.")],
    as_json: Json = False,
) -> None:
    """Try a policy on example texts; exits with 1 where it does not do what an example expects."""
    from prudent_responsible_ai.assemble import open_pipeline
    from prudent_responsible_ai.policy_cases import read_cases, try_case

    # What is tried is the rules, and not how fast this machine is today.
    pipeline = open_pipeline(policy, unhurried=True)
    results = [try_case(pipeline, case) for case in read_cases(cases)]
    failed = [(number, result) for number, result in enumerate(results, start=1) if result.problems]
    if as_json:
        rows = [
            {"case": number, "name": result.case.name, "action": result.action, "problems": result.problems}
            for number, result in enumerate(results, start=1)
        ]
        typer.echo(json.dumps({"passed": len(results) - len(failed), "failed": len(failed), "cases": rows}))
    else:
        for number, result in failed:
            named = f" ({result.case.name})" if result.case.name else ""
            typer.echo(f"case {number}{named}: {'; '.join(result.problems)}")
        typer.echo(f"{len(results) - len(failed)} of {len(results)} cases as expected")
    if failed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from prudent_responsible_ai.policy_schema import policy_schema

    typer.echo(json.dumps(policy_schema(), indent=2))
