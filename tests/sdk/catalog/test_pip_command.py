"""Finding a pip where the environment has none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prudent.catalog.channels import pip_command as module
from prudent.catalog.channels.base import ChannelError
from prudent.catalog.channels.pip_command import bundled_pip, pip_command


def run(command: list[str]) -> str:
    with subprocess.Popen(
        [*command, "--version"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        return child.stdout.read()


def test_the_environments_own_pip_runs():
    assert run(pip_command()).startswith("pip ")


def test_the_pip_that_python_carries_runs_from_its_wheel(monkeypatch):
    bundled = bundled_pip()
    if bundled is None:
        pytest.skip("this Python's distributor took its pip out")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None if name == "pip" else object())
    assert str(bundled) in run(pip_command())


def test_uv_is_asked_for_a_pip_where_there_is_no_other(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(module, "bundled_pip", lambda: None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    uv = tmp_path / "uv"
    uv.write_text("")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pip_command() == [str(uv), "tool", "run", "--quiet", "--python", sys.executable, "pip"]


def test_no_pip_anywhere_says_what_to_do(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(module, "bundled_pip", lambda: None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ChannelError, match="ensurepip"):
        pip_command()
