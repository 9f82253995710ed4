"""`prudent models`: data on stdout, the rest on stderr, one line for what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from prudent.cli.main import app

CARD = {
    "id": "mine",
    "family": "llama",
    "target": "int8",
    "license": "MIT",
    "upstream": "here",
    "sources": [],
    "parameters": 10,
    "weight_bytes": 1_000_000,
    "precision": {},
    "accuracy": {
        "mean_kl": 0.0021,
        "p99_kl": 0.01,
        "greedy_agreement": 0.973,
        "perplexity": 9.0,
        "reference_perplexity": 9.0,
        "tokens": 2048,
        "calibration_sha256": "0" * 64,
    },
    "compiler_version": "1",
    "compiled_at": "2026-01-01T00:00:00Z",
    "compile_seconds": 1.0,
}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words])


def said(*words: str):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def prudent_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("PRUDENT_HOME", str(home))
    monkeypatch.delenv("PRUDENT_OFFLINE", raising=False)
    return home


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF" + bytes(1_000))
    return path


def test_list_shows_every_model_in_columns_that_are_not_cut():
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "TASK", "SIZE", "STATE", "LICENSE"]
    assert any(line.split()[:2] == ["qwen2.5-coder-0.5b-instruct", "chat"] for line in lines)
    assert not any("…" in line for line in lines)


def test_list_can_be_narrowed_to_a_task_and_to_what_is_here(gguf):
    run("add", str(gguf), "--id", "mine")
    assert {model["task"] for model in said("list", "--task", "speech")} == {"speech"}
    assert [model["id"] for model in said("list", "--fetched")] == ["mine"]


def test_a_task_that_does_not_exist_is_answered_with_those_that_do():
    result = run("list", "--task", "poetry")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: There is no task 'poetry'.\nhint: Use one of chat,")


@pytest.mark.parametrize("command", ["pull", "rm", "path", "info", "verify"])
def test_an_unknown_model_is_one_line_and_a_hint(command):
    result = run(command, "smolm2-135m")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[0].startswith("error: There is no model 'smolm2-135m'. Did you mean")
    assert result.stderr.splitlines()[1].startswith("hint: ")


def test_path_of_what_is_not_here_says_how_to_get_it():
    result = run("path", "silero-vad")
    assert result.exit_code == 1
    assert "hint: Run `prudent models pull silero-vad`." in result.stderr


def test_offline_pull_says_so(monkeypatch):
    monkeypatch.setenv("PRUDENT_OFFLINE", "1")
    result = run("pull", "silero-vad")
    assert result.exit_code == 1
    assert "PRUDENT_OFFLINE" in result.stderr


def test_an_own_file_is_added_found_verified_and_forgotten(gguf):
    assert said("add", str(gguf), "--id", "mine", "--license", "CC0-1.0")["license"] == "CC0-1.0"
    assert said("path", "mine")["files"] == [str(gguf)]
    assert said("verify", "mine") == [{"id": "mine", "ok": True, "error": None}]
    assert said("rm", "mine") == [{"id": "mine", "freed_bytes": 0}]
    assert gguf.is_file()
    assert run("info", "mine").exit_code == 2


def test_verify_goes_on_after_a_bad_model_and_ends_with_a_failure(gguf, tmp_path):
    good = tmp_path / "good.gguf"
    good.write_bytes(b"GGUFgood")
    run("add", str(gguf), "--id", "bad")
    run("add", str(good), "--id", "good")
    gguf.write_bytes(b"GGUF" + bytes(2_000))
    result = run("verify")
    assert result.exit_code == 1
    assert "good: ok" in result.stdout
    assert "bad: own.gguf of bad differs" in result.stdout
    assert result.stderr.splitlines()[-2].startswith("error: own.gguf of bad differs")


def test_info_shows_the_accuracy_of_what_was_compiled(gguf, prudent_home):
    run("add", str(gguf), "--id", "mine")
    folder = prudent_home / "compiled" / "mine" / "some-key"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps(CARD))
    (prudent_home / "compiled" / "mine" / "cut-off").mkdir()
    assert said("info", "mine")["state"] == "compiled"
    assert said("info", "mine")["compiled"][0]["accuracy"]["tokens"] == 2048
    text = run("info", "mine").stdout
    assert "int8, 1.0 MB, compiler 1, mean KL 0.0021 nats, greedy agreement 97.3%" in text
    assert f"path         {gguf.parent}" in text


def test_rm_removes_what_was_compiled_too(gguf, prudent_home):
    run("add", str(gguf), "--id", "mine")
    folder = prudent_home / "compiled" / "mine" / "some-key"
    folder.mkdir(parents=True)
    (folder / "model.data").write_bytes(bytes(500))
    assert said("rm", "mine") == [{"id": "mine", "freed_bytes": 500}]
    assert not folder.parent.exists()


@pytest.mark.model
def test_a_model_of_the_catalog_comes_through_the_package_index(prudent_home):
    pulled = run("pull", "silero-vad")
    assert pulled.exit_code == 0, pulled.stderr
    assert Path(pulled.stdout.strip()) == prudent_home / "models" / "silero-vad"
    assert "silero-vad: fetching: done, 11.3/11.3 MB" in pulled.stderr
    assert [path.name for path in (prudent_home / "models" / "silero-vad").iterdir()] == ["silero_vad.onnx"]
    again = run("pull", "silero-vad")
    assert again.stderr == ""
    assert run("verify").stdout == "silero-vad: ok\n"
    assert said("list", "--fetched")[0]["state"] == "fetched"
    assert said("rm", "silero-vad") == [{"id": "silero-vad", "freed_bytes": 2_327_524}]
