"""The command `prudent`: which commands there are. Knows nothing of what they do.

The table holds each command's summary and how to load it. Help lists the summaries; a module is imported
only when its command runs. The imports stand in functions, not in strings, so that the layering check and
the type checker see them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from prudent.cli.failures import replace_closed_streams, reported, silence_broken_stdout
from prudent.version import __version__


def _demo() -> typer.Typer:
    from prudent.cli import demo

    return demo.app


def _chat() -> typer.Typer:
    from prudent.cli import chat

    return chat.app


def _say() -> typer.Typer:
    from prudent.cli import say

    return say.app


def _serve() -> typer.Typer:
    from prudent.cli import serve

    return serve.app


def _transcribe() -> typer.Typer:
    from prudent.cli import transcribe

    return transcribe.app


def _models() -> typer.Typer:
    from prudent.cli import models

    return models.app


def _policy() -> typer.Typer:
    from prudent.cli import policy

    return policy.app


def _audit() -> typer.Typer:
    from prudent.cli import audit

    return audit.app


def _approvals() -> typer.Typer:
    from prudent.cli import approvals

    return approvals.app


def _explain() -> typer.Typer:
    from prudent.cli import explain

    return explain.app


def _doctor() -> typer.Typer:
    from prudent.cli import doctor

    return doctor.app


def _bench() -> typer.Typer:
    from prudent.cli import bench

    return bench.app


def _embed() -> typer.Typer:
    from prudent.cli import embed

    return embed.app


def _read() -> typer.Typer:
    from prudent.cli import read

    return read.app


def _train() -> typer.Typer:
    from prudent.cli import train

    return train.app


def _classify() -> typer.Typer:
    from prudent.cli import classify

    return classify.app


def _classifiers() -> typer.Typer:
    from prudent.cli import classifiers

    return classifiers.app


def _see() -> typer.Typer:
    from prudent.cli import see

    return see.app


def _assess() -> typer.Typer:
    from prudent.cli import assess

    return assess.app


def _agent() -> typer.Typer:
    from prudent.cli import agent

    return agent.app


def _recipe() -> typer.Typer:
    from prudent.cli import recipe

    return recipe.app


def _kb() -> typer.Typer:
    from prudent.cli import kb

    return kb.app


def _mcp() -> typer.Typer:
    from prudent.cli import mcp

    return mcp.app


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its line in the help, and how to load it."""

    summary: str
    load: Callable[[], typer.Typer]


COMMANDS = {
    "demo": Entry("Work through a desk: hear, plan, ask, act, answer, speak.", _demo),
    "chat": Entry("Talk to a model in the terminal or through a pipe.", _chat),
    "say": Entry("Speak a text into a file or a pipe.", _say),
    "serve": Entry("Serve models over the OpenAI HTTP API on this machine.", _serve),
    "transcribe": Entry("Write recordings down, as text or as subtitles.", _transcribe),
    "see": Entry("Say what images show, how explicit and how sharp they are.", _see),
    "read": Entry("Read the text in images and PDFs.", _read),
    "embed": Entry("Make vectors of texts.", _embed),
    "train": Entry("Train a small classifier on examples of your own.", _train),
    "classify": Entry("Ask a classifier of your own.", _classify),
    "classifiers": Entry("List, show and remove the classifiers that were trained here.", _classifiers),
    "agent": Entry("List, show, approve, resume and replay runs of agents.", _agent),
    "recipe": Entry("Make, check, run, test and serve agents without Python.", _recipe),
    "kb": Entry("Find passages in your own documents, with their places.", _kb),
    "models": Entry("List, fetch, verify, inspect and remove models.", _models),
    "doctor": Entry("Examine this machine: processor, limits, memory, models, speed.", _doctor),
    "bench": Entry("Measure a model on this machine in about a minute.", _bench),
    "explain": Entry("Say which words of a text carry a verdict.", _explain),
    "policy": Entry("List, check, explain, compare and try policies.", _policy),
    "approvals": Entry("Approve or deny requests that a policy holds.", _approvals),
    "audit": Entry("Read, verify and export the audit trail.", _audit),
    "assess": Entry("Measure what attacks, leaks and bias do to an app.", _assess),
    "mcp": Entry("Offer tools over MCP, and trust those of other servers.", _mcp),
}


class Commands(TyperGroup):
    """A group that lists its commands from the table and loads only the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name, help=entry.summary, rich_markup_mode=None))

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """Find the command that the arguments name, and load it."""
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or listed is None:
            return name, None, rest
        return name, load(name), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; whatever goes wrong is said in words."""
        with reported():
            return super().invoke(ctx)


def load(name: str) -> TyperCommand | TyperGroup:
    """Import the module of a command of the table and return the command."""
    command = cast("TyperCommand | TyperGroup", get_command(COMMANDS[name].load()))
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    name="prudent",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"prudent {__version__}")
        raise typer.Exit


@app.callback()
def prudent(
    _version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """AI apps that run on your own machine and answer for what they say."""


def main() -> None:
    """Run the command line with the process's arguments."""
    replace_closed_streams()
    try:
        get_command(app).main(sys.argv[1:], prog_name="prudent")
    finally:
        silence_broken_stdout()
