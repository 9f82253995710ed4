"""Runs that are killed at random points lose nothing and do nothing twice: the benchmark, in small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CRASH = Path(__file__).parents[3] / "benchmarks" / "crash.py"


def test_runs_that_are_killed_again_and_again_come_to_their_end_with_every_effect_once() -> None:
    options = ["--runs", "2", "--kills", "24", "--rounds", "4"]
    done = subprocess.run([sys.executable, str(CRASH), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = {
        line.rpartition("  ")[0].strip(): line.rpartition("  ")[2].strip()
        for line in done.stdout.splitlines()
    }
    assert int(shown["kills"]) >= 12, "a run may end before it is killed as often as it was to be"
    assert shown["effects"] == "16"
