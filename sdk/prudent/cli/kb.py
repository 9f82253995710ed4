"""`prudent kb`: documents into a knowledge base, and passages out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prudent_agents.knowledge import Passage, Update

app = typer.Typer(
    help="Find passages in your own documents, with their places.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

_FAILED = 1
_CHARACTERS_SHOWN = 200

Base = Annotated[
    Path | None,
    typer.Option("--kb", envvar="PRUDENT_KB", help="The knowledge base's file.", metavar="FILE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BaseUrl = Annotated[
    str | None,
    typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the models run here."),
]
Policy = Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")]
LABELS = "public, private or secret"


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH...")],
    kb: Base = None,
    label: Annotated[
        str | None, typer.Option(help=f"Who may see them: {LABELS}; private by default.", metavar="LABEL")
    ] = None,
    base_url: BaseUrl = None,
    policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Add files, and bring those that are known up to date.

    Text, Markdown, HTML, PDF, images and recordings. Unchanged files cost nothing, and what is gone from a
    folder is removed.
    """
    from prudent.cli.connect import open_client
    from prudent.cli.waiting import Waiting
    from prudent_agents.knowledge import KnowledgeBase

    waiting = Waiting()
    with (
        open_client(base_url, model=None, policy=policy, progress=waiting) as client,
        KnowledgeBase(_file(kb), client) as base,
    ):
        waiting.begin()
        try:
            update = base.add(*paths, confidentiality=label, progress=waiting)
        finally:
            waiting.over()
    if as_json:
        typer.echo(update.model_dump_json())
    else:
        _tell(update)
    if update.failed:
        raise typer.Exit(_FAILED)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for, in words.")],
    kb: Base = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Passages to find.")] = 5,
    clearance: Annotated[
        str, typer.Option(help=f"The most confidential that may be found: {LABELS}.", metavar="LABEL")
    ] = "private",
    base_url: BaseUrl = None,
    policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages that fit a question best."""
    import json

    from prudent.cli.connect import open_client
    from prudent.cli.waiting import Waiting
    from prudent_agents.knowledge import KnowledgeBase

    file = _existing(kb)
    waiting = Waiting()
    with (
        open_client(base_url, model=None, policy=policy, progress=waiting) as client,
        KnowledgeBase(file, client) as base,
    ):
        waiting.begin()
        try:
            found = base.search(question, limit=limit, clearance=clearance)
        finally:
            waiting.over()
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))
    else:
        _show(found)


@app.command(name="list")
def list_them(kb: Base = None, as_json: AsJson = False) -> None:
    """Show the documents in a knowledge base."""
    import json

    from prudent.cli.terminal import visible
    from prudent_agents.knowledge import KnowledgeBase

    with KnowledgeBase(_existing(kb)) as base:
        documents = base.documents()
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in documents], ensure_ascii=False))
        return
    for one in documents:
        typer.echo(f"{one.kind:9} {one.confidentiality:8} {one.passages:6} passages  {visible(one.name)}")
    if not documents:
        typer.echo("No document was added.", err=True)


@app.command()
def rm(
    names: Annotated[list[str], typer.Argument(help="Documents or folders.", metavar="NAME...")],
    kb: Base = None,
    as_json: AsJson = False,
) -> None:
    """Remove documents, by name or by the folder that they are in."""
    import json

    from prudent.errors import NotFoundError
    from prudent_agents.knowledge import KnowledgeBase

    with KnowledgeBase(_existing(kb)) as base:
        removed = base.remove(*names)
        path = base.path
    if not removed:
        raise NotFoundError(
            f"None of these is in {path}: {', '.join(names)[:_CHARACTERS_SHOWN]}.",
            hint="`prudent kb list` shows all.",
        )
    typer.echo(json.dumps(removed, ensure_ascii=False) if as_json else "\n".join(removed))


def _file(given: Path | None) -> Path:
    from prudent.catalog.home import home

    return given or home() / "knowledge" / "default.db"


def _existing(given: Path | None) -> Path:
    """The base's file; one that is not there is not made by looking for it."""
    from prudent.errors import NotFoundError

    file = _file(given)
    if not file.expanduser().exists():
        raise NotFoundError(
            f"There is no knowledge base {file}.", hint="Add documents first: `prudent kb add PATH`."
        )
    return file


def _tell(update: Update) -> None:
    """What was done on stdout, what was left out on stderr."""
    from prudent.cli.terminal import note

    for word, names in (("added", update.added), ("changed", update.changed), ("removed", update.removed)):
        for name in names:
            typer.echo(f"{word:8} {name}")
    for word, left in (("skipped", update.skipped), ("failed", update.failed)):
        for one in left:
            note(f"{word}: {one.name}: {one.reason}")
    note(f"{update.passages:,} passages indexed, {len(update.unchanged):,} documents unchanged.")
    if update.withheld:
        note(f"{update.withheld:,} passages are withheld: the policy refuses them.")


def _show(found: Sequence[Passage]) -> None:
    from prudent.cli.terminal import note, visible

    for passage in found:
        typer.echo(f"[{passage.number}] {visible(passage.place)}")
        typer.echo("    " + visible(passage.text).replace("\n", "\n    ") + "\n")
    if not found:
        note("Nothing was found.")
