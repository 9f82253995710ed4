"""What is found of prudent on a machine, whatever state it is in."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from prudent.diagnosis.facts import inspect_software, inspect_store


def test_the_runtime_that_is_here_is_described() -> None:
    software = inspect_software()
    assert software.problem is None
    assert "CPUExecutionProvider" in software.providers


def test_a_runtime_that_cannot_be_imported_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def broken(name: str, package: str | None = None) -> object:
        if name == "onnxruntime":
            raise ImportError("libonnx.so: cannot open shared object file\nsecond line")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", broken)
    software = inspect_software()
    assert software.onnxruntime is None
    assert software.problem == "ImportError: libonnx.so: cannot open shared object file"


def test_a_home_that_does_not_exist_yet_is_fine_and_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "not" / "yet"))
    store = inspect_store()
    assert (store.problem, store.models) == (None, ())
    assert store.free_bytes is not None
    assert not (tmp_path / "not").exists()


def test_a_home_that_is_a_file_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "file"))
    assert "is not a folder" in (inspect_store().problem or "")


def test_a_damaged_list_of_added_models_is_a_problem_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "added.json").write_text("{")
    store = inspect_store()
    assert "list of added models is damaged" in (store.problem or "")
    assert store.remedy == "Remove the file and add them again."


@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_offline_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    monkeypatch.setenv("PRUDENT_OFFLINE", "1")
    assert inspect_store().offline is True
