"""Every command of the command line explains itself, and the table of commands is true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from prudent.cli.main import COMMANDS, app, load


def _paths(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from _paths(child, (*path, name))


ALL_PATHS = [(), *(path for name in COMMANDS for path in _paths(load(name), (name,)))]


@pytest.mark.parametrize("path", ALL_PATHS, ids=lambda path: " ".join(("prudent", *path)))
def test_help_works(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*path, "--help"], prog_name="prudent")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: {' '.join(('prudent', *path))}")
    assert done.stderr == ""
    assert ("--install-completion" in done.stdout) == (not path), "completion is the whole command's business"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_listed_summary_is_the_commands_own(name: str) -> None:
    """The table repeats the first sentence of each command's help, because listing must not import it."""
    own = str(load(name).help).split("\n\n")[0].replace("\n", " ")
    assert own == COMMANDS[name].summary


def test_every_parameter_is_explained() -> None:
    silent = [
        f"{' '.join(path)} {parameter.name}"
        for path in ALL_PATHS
        for parameter in _command(path).params
        if not getattr(parameter, "help", None) and not getattr(parameter, "hidden", False)
    ]
    assert silent == []


def _command(path: tuple[str, ...]) -> Any:
    command: Any = load(path[0]) if path else get_command(app)
    for name in path[1:]:
        command = command.commands[name]
    return command
