"""Every example runs, against a real model."""

from __future__ import annotations

import io
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SMALLEST = "smollm2-135m-instruct"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.usefixtures("smol_artifact")
@pytest.mark.parametrize("example", EXAMPLES[1:], ids=lambda path: path.name)
def test_it_runs(example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The default model is replaced by the smallest."""
    monkeypatch.setenv("PRUDENT_MODEL", SMALLEST)
    monkeypatch.setenv("PRUDENT_BASE_URL", "")
    monkeypatch.setattr("sys.argv", [str(example)])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert _status(example) in (0, None)
    assert capsys.readouterr().out.strip()


def _status(example: Path) -> object:
    try:
        runpy.run_path(str(example), run_name="__main__")
    except SystemExit as ended:
        return ended.code
    return 0


@pytest.mark.usefixtures("smol_artifact")
def test_the_first_runs_as_a_program() -> None:
    """With nothing loaded beforehand."""
    environment = {**os.environ, "PRUDENT_MODEL": SMALLEST, "PRUDENT_BASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES[0]],
        stdin=subprocess.DEVNULL,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
