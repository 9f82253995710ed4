"""The command itself: version, help, wrong names."""

from __future__ import annotations

import subprocess
import sys

from typer.testing import CliRunner

import prudent
from prudent.cli.main import COMMANDS, app


def test_the_version_is_printed_alone() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"prudent {prudent.__version__}\n")


def test_help_lists_every_command_without_cutting_a_summary() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert [name for name, entry in COMMANDS.items() if entry.summary not in shown] == []


def test_help_loads_no_command() -> None:
    code = (
        "import sys; from prudent.cli.main import app\n"
        "from typer.testing import CliRunner; CliRunner().invoke(app, ['--help'])\n"
        "print([name for name in sys.modules if name.startswith('prudent.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['prudent.cli.failures', 'prudent.cli.main']"


def test_a_wrong_command_offers_the_nearest() -> None:
    done = CliRunner().invoke(app, ["chta"])
    assert done.exit_code == 2
    assert "'chat'" in done.stderr


def test_errors_of_a_command_are_told_in_words() -> None:
    done = CliRunner().invoke(app, ["models", "info", "no-such-model"])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stdout == ""


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prudent", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"prudent {prudent.__version__}\n"
