"""Every example runs, against a real model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.usefixtures("smol_artifact")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_runs(example: Path) -> None:
    """The default model is replaced by the smallest."""
    environment = {**os.environ, "PRUDENT_MODEL": "smollm2-135m-instruct", "PRUDENT_BASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-W", "error", example],
        stdin=subprocess.DEVNULL,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
