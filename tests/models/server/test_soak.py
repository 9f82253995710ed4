"""The soak of the benchmarks, for a minute."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[3] / "benchmarks" / "soak.py"


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("smol_artifact")
def test_a_server_under_twice_its_load_and_bad_manners_loses_and_mixes_nothing() -> None:
    """It also frees every slot, keeps its memory, keeps its audit trail whole, and ends when told to."""
    options = ["--minutes", "0.5", "--slots", "3", "--queue", "4", "--context", "384"]
    done = subprocess.run([sys.executable, str(SOAK), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing wrong" in done.stdout
    for kind in ("marked: ok", "marked_stream: ok", "wrong: refused"):
        assert kind in done.stdout
