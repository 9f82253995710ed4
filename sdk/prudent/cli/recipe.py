"""`prudent recipe`: recipes made, checked, shown, tried and run. They are prudent_agents.recipes'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Make, check, run, test and serve agents without Python.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Place = Annotated[str, typer.Argument(help="A recipe's file or folder, or its name in the gallery.")]
Tools = Annotated[
    Path | None,
    typer.Option("--tools", help="A Python file of yours with tools (@tool) for the recipe; it is run."),
]
Parameters = Annotated[
    list[str] | None, typer.Option("--set", "-s", help="A parameter, as name=value; again for each.")
]
Address = Annotated[
    str | None, typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one models run here.")
]
ModelName = Annotated[str | None, typer.Option("--model", "-m", help="Model in place of the recipe's.")]


@app.command("list")
def list_gallery(as_json: Json = False) -> None:
    """List the recipes that come with prudent."""
    from prudent.cli.recipe_view import gallery_rows

    rows = gallery_rows()
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row['name']:<{width}}  {row['about']}")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make; its name is the recipe's.")],
    like: Annotated[
        str | None, typer.Option("--like", help="A recipe of the gallery to begin with, samples included.")
    ] = None,
) -> None:
    """Begin a recipe: a folder with a recipe.yaml that runs."""
    from prudent_agents.recipes.beginning import begin

    path = begin(folder, like)
    typer.echo(str(path))
    typer.echo(f"prudent recipe check {folder}", err=True)


@app.command()
def check(recipe: Place, tools: Tools = None, as_json: Json = False) -> None:
    """Say everything that is wrong with a recipe, each with file, line and column. Needs no network."""
    from prudent.cli.recipe_view import load, problem_row
    from prudent_agents.recipes import RecipeError

    try:
        loaded = load(recipe, tools)
    except RecipeError as error:
        if as_json:
            rows = [problem_row(one) for one in error.problems]
            typer.echo(json.dumps({"valid": False, "problems": rows}, indent=2, ensure_ascii=False))
        else:
            for problem in error.problems:
                typer.echo(str(problem))
            errors = sum(one.severity == "error" for one in error.problems)
            typer.echo(f"{errors} {'thing is' if errors == 1 else 'things are'} wrong.", err=True)
        raise typer.Exit(2) from None
    if as_json:
        rows = [problem_row(one) for one in loaded.warnings]
        valid = {"valid": True, "name": loaded.name, "digest": loaded.digest, "problems": rows}
        typer.echo(json.dumps(valid, indent=2, ensure_ascii=False))
        return
    for problem in loaded.warnings:
        typer.echo(str(problem))
    document = loaded.document
    what = f"{len(document.steps)} steps" if document.steps else "a goal"
    typer.echo(f"{loaded.name}: valid, {what}, {len(document.tools)} tools, {len(document.tests)} tests")


@app.command()
def show(
    recipe: Place,
    tools: Tools = None,
    graph: Annotated[bool, typer.Option("--mermaid", help="Print the graph for Mermaid instead.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a recipe does: steps, effects, where values come from, whom they are trusted from."""
    from prudent.cli.recipe_view import load
    from prudent_agents.recipes.drawing import mermaid, tree

    loaded = load(recipe, tools)
    if as_json:
        plan = loaded.plan.model_dump(mode="json") if loaded.document.steps else None
        shown = {"name": loaded.name, "digest": loaded.digest, "plan": plan, "mermaid": mermaid(loaded)}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    typer.echo(mermaid(loaded) if graph else tree(loaded))


@app.command("dry-run")
def dry_run(recipe: Place, given: Parameters = None, tools: Tools = None, as_json: Json = False) -> None:
    """Go through a recipe without any effect: no tool and no model is called, the rules are real."""
    from prudent.cli.recipe_view import load, rehearsal_lines, run_row, split
    from prudent_agents.recipes.rehearsal import rehearse

    done = rehearse(load(recipe, tools), split(given), base=Path.cwd())
    if as_json:
        typer.echo(json.dumps(run_row(done.run, done.output), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(rehearsal_lines(done)))
    if done.run.status != "done":
        raise typer.Exit(1)


@app.command()
def run(
    recipe: Place,
    given: Parameters = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="Say yes to every question; without it you are asked.")
    ] = False,
    base_url: Address = None,
    model: ModelName = None,
    tools: Tools = None,
    as_json: Json = False,
) -> None:
    """Run a recipe. What a rule wants asked is asked here; without a terminal the run waits."""
    from prudent.cli.recipe_view import approver, load, report, split
    from prudent.cli.terminal import visible

    loaded = load(recipe, tools)
    done = loaded.run(
        split(given), base=Path.cwd(), approve=approver(always=approve), client=base_url, model=model
    )
    typer.echo(visible(report(done, as_json=as_json)))
    if done.run.status != "done":
        raise typer.Exit(1)


@app.command("test")
def try_it(
    recipe: Place,
    base_url: Address = None,
    model: ModelName = None,
    tools: Tools = None,
    as_json: Json = False,
) -> None:
    """Run a recipe's own tests; exits with 1 where one is not as expected."""
    from prudent.cli.recipe_view import load
    from prudent_agents.recipes.trying import try_recipe

    loaded = load(recipe, tools)
    failed, rows = 0, list[dict[str, object]]()
    for tried in try_recipe(loaded, client=base_url, model=model):
        failed += bool(tried.problems)
        rows.append({"name": tried.name, "problems": tried.problems, "seconds": round(tried.seconds, 2)})
        if not as_json:
            typer.echo(f"{'ok  ' if not tried.problems else 'FAIL'} {tried.name} ({tried.seconds:.1f} s)")
            for problem in tried.problems:
                typer.echo(f"     {problem}")
    if as_json:
        typer.echo(json.dumps({"recipe": loaded.name, "failed": failed, "tests": rows}, indent=2))
    elif not rows:
        typer.echo(f"{loaded.name} has no tests.")
    if failed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of recipes, for editors."""
    from prudent_agents.recipes.document import recipe_schema

    typer.echo(json.dumps(recipe_schema(), indent=2))


@app.command()
def serve(
    recipe: Place,
    given: Parameters = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8090,
    base_url: Address = None,
    tools: Tools = None,
) -> None:
    """Serve a recipe on this machine: a web form, and POST /run for programs.

    Parameters that are set here are the same at every run and are not asked for.
    """
    from prudent.cli.recipe_server import serve_recipe
    from prudent.cli.recipe_view import load, split

    serve_recipe(load(recipe, tools), split(given), port=port, base_url=base_url)


@app.command()
def pack(
    recipe: Place,
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip to write.")],
    tools: Tools = None,
) -> None:
    """Pack a recipe with its samples, and the hashes of tools and models, into one zip."""
    from prudent.cli.recipe_view import load
    from prudent_agents.recipes.bundle import pack as packed

    manifest = packed(load(recipe, tools), output)
    typer.echo(f"{output}: {len(manifest.files)} files, {len(manifest.tools)} tools")


@app.command()
def unpack(
    packed: Annotated[Path, typer.Argument(help="The zip that `prudent recipe pack` wrote.")],
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    tools: Tools = None,
) -> None:
    """Check a pack and write it into a folder."""
    from prudent_agents.recipes.bundle import unpack as unpacked
    from prudent_agents.recipes.own_tools import tools_of

    recipe = unpacked(packed, folder, tools=None if tools is None else tools_of(tools))
    typer.echo(f"{folder}: {recipe.name} {recipe.document.version}")


@app.command()
def export(
    recipe: Place,
    python: Annotated[bool, typer.Option("--python", help="As Python, the one form there is.")] = True,
    tools: Tools = None,
) -> None:
    """Print a recipe as Python that uses the same classes and runs."""
    from prudent.cli.recipe_view import load
    from prudent_agents.recipes.exporting import as_python

    del python
    typer.echo(as_python(load(recipe, tools)))
