"""`prudent agent`: runs of agents that wait, were interrupted or are over. They are prudent_agents'."""

from __future__ import annotations

import getpass
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prudent.errors import ConfigurationError, NotFoundError

if TYPE_CHECKING:
    from prudent_agents.agent import Agent
    from prudent_agents.journal import SqliteJournal
    from prudent_agents.run import Run

app = typer.Typer(
    help="List, show, approve, resume and replay runs of agents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Kept = Annotated[Path | None, typer.Option("--journal", help="The journal; by default prudent's own.")]
RunId = Annotated[str, typer.Argument(help="The run's id, or its beginning.")]
Digest = Annotated[str, typer.Argument(help="The call's digest, or its beginning.")]
By = Annotated[str | None, typer.Option(help="Who says so; by default the user of this terminal.")]
App = Annotated[
    str, typer.Option("--app", help="Where the agent is, as module:name; the module is found from here.")
]


@app.command(name="list")
def list_them(
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="How many of the latest runs.")] = 20,
    journal: Kept = None,
    as_json: Json = False,
) -> None:
    """List the latest runs, and the calls that wait for a word."""
    from prudent.cli.agent_view import approval_lines, run_line

    kept = _journal(journal)
    runs, waiting = kept.runs(last), kept.waiting()
    if as_json:
        listed = [asdict(one) | {"state": one.state} for one in runs]
        typer.echo(json.dumps({"runs": listed, "waiting": [asdict(one) for one in waiting]}, indent=2))
        return
    if not runs:
        typer.echo("There is no run.")
    for run in runs:
        typer.echo(run_line(run))
    for one in waiting:
        typer.echo("\n".join(approval_lines(one)))


@app.command()
def show(
    run: RunId,
    events: Annotated[bool, typer.Option("--events", help="Every event too.")] = False,
    journal: Kept = None,
    as_json: Json = False,
) -> None:
    """Show a run: its steps, what it came to, what it took."""
    from prudent.cli.agent_view import approval_lines, event_line, run_lines
    from prudent_agents.run import Run

    kept = _journal(journal)
    found = kept.find(run)
    whole = Run(kept.events(found.id))
    if as_json:
        told = [event.model_dump(mode="json") for event in whole.events]
        typer.echo(json.dumps(asdict(found) | {"state": found.state, "events": told}, indent=2))
        return
    typer.echo("\n".join(run_lines(whole)))
    for one in kept.waiting(found.id):
        typer.echo("\n".join(approval_lines(one)))
    if events:
        for number, event in enumerate(whole.events, 1):
            typer.echo(event_line(number, event))


@app.command()
def approve(digest: Digest, by: By = None, journal: Kept = None) -> None:
    """Let exactly this call be made, once, when its run goes on."""
    one = _journal(journal).decide(digest, approve=True, by=by or getpass.getuser())
    typer.echo(f"Approved: {one.tool} in {one.step} of {one.run}.")
    typer.echo(f"prudent agent resume {one.run} --app MODULE:AGENT (or --recipe RECIPE)", err=True)


@app.command()
def deny(digest: Digest, by: By = None, journal: Kept = None) -> None:
    """Refuse this call; its run goes on without it when it is resumed."""
    one = _journal(journal).decide(digest, approve=False, by=by or getpass.getuser())
    typer.echo(f"Denied: {one.tool} in {one.step} of {one.run}.")


@app.command()
def resume(
    run: RunId,
    where: Annotated[
        str | None, typer.Option("--app", help="The agent whose run it is, as module:name.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="Or the recipe: its file, folder, or name in the gallery.")
    ] = None,
    answer: Annotated[str | None, typer.Option(help="Your answer to what the run asked.")] = None,
    journal: Kept = None,
    as_json: Json = False,
) -> None:
    """Go on with a run that waits, was cancelled, or whose process died."""
    if (where is None) == (recipe is None):
        raise ConfigurationError("Whose run it is is not said.", hint="Give --app or --recipe.", param="app")
    if where is not None:
        with agent_at(where) as agent:
            _report(agent.resume(_whole_id(agent, run), answer=answer), as_json)
        return
    from prudent_agents.recipes import Recipe

    kept = _journal(journal)
    loaded = Recipe.load(recipe or "")
    found = kept.find(run)
    if found.agent != loaded.name:
        raise ConfigurationError(
            f"The run {found.id} is of {found.agent}, not of {loaded.name}.", param="recipe"
        )
    _report(loaded.resume(found.id, journal=kept, answer=answer).run, as_json)


@app.command()
def replay(run: RunId, where: App, as_json: Json = False) -> None:
    """Run a run that ended again, from its journal alone; exit with 1 where it comes out otherwise."""
    with agent_at(where) as agent:
        again = agent.replay(_whole_id(agent, run))
    if as_json:
        typer.echo(json.dumps({"run": again.id, "status": again.status, "same": True}))
    else:
        typer.echo(f"{again.id} comes out the same: {again.status}, {len(again.results)} results")


@app.command("eval")
def evaluate(
    cases: Annotated[Path, typer.Argument(help="A YAML or JSON file: a list of {goal, expect, calls, ...}.")],
    where: App,
    seeds: Annotated[int, typer.Option(min=1, max=32, help="How often each case is run.")] = 3,
    approve: Annotated[
        bool, typer.Option("--approve", help="Say yes to every call; without it a run that asks is paused.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run cases with several seeds and say how often they come out right; exit with 1 where one does not.

    Tools are called for good: give the agent doubles of those that write.
    """
    from prudent.cli.agent_view import evaluation_json, evaluation_table
    from prudent_agents.evaluation import read_cases

    with agent_at(where) as agent:
        done = agent.eval(read_cases(cases), seeds=seeds, approve=(lambda _: True) if approve else None)
    if as_json:
        typer.echo(json.dumps(evaluation_json(done), indent=2, ensure_ascii=False))
    else:
        evaluation_table(done)
    if done.pass_hat(seeds) < 1:
        raise typer.Exit(1)


@app.command()
def fork(
    run: RunId,
    step: Annotated[str, typer.Argument(help="The step from which on things are to be done again.")],
    journal: Kept = None,
) -> None:
    """Begin a new run with all that a run knew before a step; resume it to go on from there."""
    from prudent_agents.journal.forking import fork as forked

    kept = _journal(journal)
    typer.echo(forked(kept, kept.find(run).id, step))


@app.command()
def verify(
    run: Annotated[str | None, typer.Argument(help="One run's id, or its beginning; by default all.")] = None,
    journal: Kept = None,
    as_json: Json = False,
) -> None:
    """Say whether what is kept is what was written; exit with 1 where it is not."""
    kept = _journal(journal)
    results = kept.verify(None if run is None else kept.find(run).id)
    broken = [one for one in results if not one.ok]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in results], indent=2))
    else:
        for one in broken:
            typer.echo(f"BROKEN {one.run} at event {one.seq}: {one.problem}")
        if not broken:
            typer.echo(f"unbroken: {len(results)} runs, {sum(one.events for one in results)} events")
    if broken:
        raise typer.Exit(1)


@app.command()
def forget(run: RunId, journal: Kept = None) -> None:
    """Remove a run and all that only it holds, for good."""
    kept = _journal(journal)
    found = kept.find(run).id
    kept.forget(found)
    typer.echo(f"Removed {found}.")


def _report(run: Run, as_json: bool) -> None:
    """Print what a run came to; exit with 1 where that is not its end."""
    from prudent.cli.agent_view import run_lines

    if as_json:
        told: dict[str, Any] = {"run": run.id, "status": run.status, "output": run.state.output}
        typer.echo(json.dumps(told | {"error": run.error}, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(run_lines(run)))
    if run.status != "done":
        raise typer.Exit(1)


def _journal(path: Path | None) -> SqliteJournal:
    from prudent_agents.journal import SqliteJournal, journal_file

    path = path or journal_file()
    if not path.exists():
        raise NotFoundError(f"There is no journal at {path}.", hint="Give its place with --journal.")
    return SqliteJournal(path)


def _whole_id(agent: Agent, beginning: str) -> str:
    """The run of the agent's journal whose id begins so."""
    from prudent_agents.journal import SqliteJournal

    return agent.journal.find(beginning).id if isinstance(agent.journal, SqliteJournal) else beginning


def agent_at(where: str) -> Agent:
    """The agent that a module of the user's defines. Importing the module runs it."""
    import importlib

    from prudent_agents.agent import Agent

    module, _, name = where.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), name or "agent", None)
    except ImportError as error:
        raise ConfigurationError(f"{module} cannot be imported: {error}.", param="app") from error
    if not isinstance(found, Agent):
        raise ConfigurationError(
            f"{where} is no agent.", hint="Give it as module:name, where the name is an Agent.", param="app"
        )
    return found
