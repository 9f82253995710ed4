"""docs/quickstart.md is true: its commands print what stands there, and its agent runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "quickstart.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
BLOCKS = [(match[1], match[2]) for match in BLOCK.finditer(TEXT)]
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


def test_the_first_recipe_and_its_mistake(tmp_path: Path) -> None:
    first, second = COMMANDS
    assert "".join(_prudent(command, tmp_path) for command in first) == PRINTED[0]
    recipe = tmp_path / "my-desk" / "recipe.yaml"
    right = recipe.read_text()
    recipe.write_text(right.replace("told:", "tolld:", 1).replace("from: $task}", "from: $tsk}"))
    told = "".join(_prudent(command, tmp_path) for command in second)
    assert told.startswith(PRINTED[1])
    recipe.write_text(right)
    assert "valid" in _prudent(second[0], tmp_path)


@pytest.mark.usefixtures("smol_artifact")
def test_the_first_agent() -> None:
    """The smallest model stands in for the default one: it need not be right, only run."""
    (code,) = [code for language, code in BLOCKS if language == "python"]
    environment = {**os.environ, "PRUDENT_MODEL": "smollm2-135m-instruct"}
    environment.pop("PRUDENT_BASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Plan for: How much did it rain in Bergen today?")
