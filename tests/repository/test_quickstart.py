"""docs/quickstart.md is true: its commands print what stands there, and its agent runs."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prudent.cli.main import app

TEXT = (Path(__file__).parents[2] / "docs" / "quickstart.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
BLOCKS = [(match[1], match[2]) for match in BLOCK.finditer(TEXT)]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
COMMANDS = [code.splitlines() for language, code in BLOCKS if language == "sh"]
PRINTED = [code for (before, _), (_, code) in pairwise(BLOCKS) if before == "sh"]


def _prudent(command: str, folder: Path) -> str:
    """What a command prints, as in a terminal."""
    words = [sys.executable, "-W", "error", "-m", *command.split()]
    done = subprocess.run(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


def test_the_first_recipe_and_its_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, second = COMMANDS
    assert "".join(_prudent(command, tmp_path) for command in first) == PRINTED[0]
    recipe = tmp_path / "my-desk" / "recipe.yaml"
    right = recipe.read_text()
    recipe.write_text(right.replace("told:", "tolld:", 1).replace("from: $task}", "from: $tsk}"))
    monkeypatch.chdir(tmp_path)
    words = second[0].split()[1:]
    assert CliRunner().invoke(app, words).output == PRINTED[2]
    recipe.write_text(right)
    assert "valid" in CliRunner().invoke(app, words).output


@pytest.mark.usefixtures("smol_artifact")
def test_the_first_agent_and_the_recipe_with_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The smallest model stands in for the default one: its plan is the same, its words are not."""
    ((_, code), (_, planned)) = next(pair for pair in pairwise(BLOCKS) if pair[0][0] == "python")
    monkeypatch.setenv("PRUDENT_MODEL", "smollm2-135m-instruct")
    monkeypatch.delenv("PRUDENT_BASE_URL", raising=False)
    (tmp_path / "first_agent.py").write_text(code, encoding="utf-8")
    runpy.run_path(str(tmp_path / "first_agent.py"), run_name="__main__")
    assert NUMBER.sub("#", capsys.readouterr().out).startswith(NUMBER.sub("#", planned.rstrip()))
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, COMMANDS[0][0].split()[1:])
    done = CliRunner().invoke(app, shlex.split(COMMANDS[1][0])[1:])
    made, shown = json.loads(done.stdout), json.loads(PRINTED[1])
    assert (made.keys(), made["task"].keys()) == (shown.keys(), shown["task"].keys())
