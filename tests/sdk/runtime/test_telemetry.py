"""Opening a session leaves no trace of ONNX Runtime's usage reports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def traces(home: Path, code: str) -> list[str]:
    """Files that the code left in a new home."""
    home.mkdir()
    # Nothing of this environment but what Python needs: a variable such as CI silences the reports as well.
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_nothing_is_reported_or_kept(tmp_path: Path) -> None:
    if not traces(tmp_path / "control", "import onnxruntime"):
        pytest.skip("this build of ONNX Runtime reports nothing")
    assert traces(tmp_path / "ours", "import prudent.runtime.session") == []
