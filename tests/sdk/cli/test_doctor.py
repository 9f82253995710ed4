"""`prudent doctor` and `prudent bench`: what they print, where, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from prudent.cli.bench import print_report
from prudent.cli.doctor_view import print_diagnosis
from prudent.cli.main import app
from prudent.diagnosis.advice import Advice
from prudent.diagnosis.bench import BenchReport, Measurement
from prudent.diagnosis.doctor import Diagnosis, Measured
from prudent.diagnosis.facts import Software, StoreFacts
from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.machine import Machine

NOTHING_KNOWN = Diagnosis(
    machine=Machine("Plan 9", "?", None, None, None, None, None, None, 1, None, None, None),
    software=Software("0.1.0", "3.12.0", None, (), "ImportError: no"),
    store=StoreFacts(None, "no home", "Set PRUDENT_HOME.", None, False, ()),
    busy_threads=None,
    measured=Measured(reason="ONNX Runtime cannot be loaded"),
    advice=(Advice("error", "no home", "Set PRUDENT_HOME."),),
)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PRUDENT_MODEL", raising=False)
    return tmp_path / "home"


def test_a_quick_look_measures_nothing_and_leaves_no_trace(empty_home: Path) -> None:
    result = run("doctor", "--quick")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["not", "measured", "not", "asked", "for"] in lines
    assert any(line[:1] == ["onnxruntime"] for line in lines)
    assert not empty_home.exists()


def test_json_holds_everything_and_stdout_nothing_else(empty_home: Path) -> None:
    data = json.loads(run("doctor", "--quick", "--json").stdout)
    assert data["store"]["home"] == str(empty_home)
    assert data["machine"]["usable"] >= 1
    assert data["software"]["problem"] is None
    assert data["usable"] is True


def test_without_the_model_the_machine_alone_is_measured(empty_home: Path) -> None:
    data = json.loads(run("doctor", "--json").stdout)
    assert data["measured"]["limits"]["bandwidth"] > 0
    assert data["measured"]["speed"] is None
    assert data["measured"]["reason"] == "qwen2.5-coder-0.5b-instruct is not compiled here yet"


def test_a_home_that_cannot_be_used_is_an_error_and_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "file"))
    result = run("doctor", "--quick")
    assert result.exit_code == 1
    assert f"error: {tmp_path / 'file'} is not a folder." in result.stdout


def test_a_machine_that_tells_nothing_is_shown_as_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    print_diagnosis(NOTHING_KNOWN)
    shown = capsys.readouterr().out
    assert shown.count("unknown") >= 5
    assert "error: no home" in shown


def test_a_compiled_model_is_measured_and_its_kernels_shown(smol_artifact: DecoderArtifact) -> None:
    shown = run("doctor", "--model", "smollm2-135m-instruct").stdout
    assert "speed of smollm2-135m-instruct" in shown
    assert "GroupQueryAttention x 30:" in shown


def test_doctor_refuses_a_model_that_does_not_exist(empty_home: Path) -> None:
    result = run("doctor", "--quick", "--model", "smol")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no model 'smol'" in result.stderr


def test_bench_fetches_nothing_unless_told_to(empty_home: Path) -> None:
    result = run("bench")
    assert result.exit_code != 0
    assert result.stdout == ""
    assert "--pull" in result.stderr
    assert not (empty_home / "models").exists()


def test_bench_offers_the_nearest_name_for_a_wrong_one(empty_home: Path) -> None:
    assert "There is no model 'smol'" in run("bench", "smol").stderr


def test_bench_shows_medians_with_the_extremes(capsys: pytest.CaptureFixture[str]) -> None:
    measured = Measurement("prompt of 512 tokens", "tokens/s", (210.0, 190.0, 200.0))
    print_report(BenchReport("m", "int8", {"int8, rows": 3}, 2, 0.5, None, (measured,)))
    shown = capsys.readouterr().out
    assert ["200.0", "190.0", "210.0", "tokens/s"] in [line.split()[-4:] for line in shown.splitlines()]
    assert "int8, rows (3)" in shown
    assert "3 rounds" in shown
    assert "unknown resident" in shown


def test_bench_measures_a_compiled_model(
    smol_artifact: DecoderArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prudent.diagnosis.bench._WANTED_SECONDS", 0.0)
    monkeypatch.setattr("prudent.diagnosis.bench.PROMPT", 64)
    monkeypatch.setattr("prudent.diagnosis.bench._DECODE", 6)
    result = run("bench", "smollm2-135m-instruct", "--json")
    assert result.exit_code == 0, result.stderr
    assert "measuring speed" in result.stderr
    data = json.loads(result.stdout)
    assert data["model"] == "smollm2-135m-instruct"
    assert {measured["unit"] for measured in data["measurements"]} == {"tokens/s", "s"}
    assert data["measurements"][0]["median"] == data["measurements"][0]["values"][0]
