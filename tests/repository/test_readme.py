"""The README is true: its Python runs against a real model, and its commands exist."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from prudent.catalog import Catalog
from prudent.cli.main import app
from prudent.runtime.artifact import DecoderArtifact
from prudent.server.settings import Settings
from prudent.testing import RunningServer, ScriptedModel, scripted_app

BLOCK = re.compile(r"(?P<run><!-- run: (?P<how>\w+) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)```", re.DOTALL)
GROUPS = ("models", "policy", "audit", "train", "classifiers")
ADDRESS = "http://127.0.0.1:8080"
SMALLEST = "smollm2-135m-instruct"
NOT_RUN = "kokoro-82m-int8"
"""It can be fetched, and nothing of it is said in the README until it speaks."""
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = list(BLOCK.finditer(README))
IN_PROCESS = [block["code"] for block in BLOCKS if block["language"] == "python" and block["how"] is None]
WITH_SERVER = [block["code"] for block in BLOCKS if block["how"] == "server"]
COMMANDS = [
    part.strip()
    for block in BLOCKS
    if block["language"] == "sh"
    for line in block["code"].splitlines()
    for part in re.split(r"&&|\|", line)
    if part.strip().startswith("prudent")
]


@pytest.mark.usefixtures("smol_artifact")
def test_the_first_python_runs_in_a_new_interpreter() -> None:
    """The default model is replaced by the smallest, which answers in the same way if not as well."""
    assert _run(IN_PROCESS[0]).stdout.strip()


@pytest.mark.usefixtures("smol_artifact")
@pytest.mark.parametrize("code", IN_PROCESS[1:])
def test_the_python_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a file of its own, which has to import what it needs; libraries are loaded once for all."""
    monkeypatch.setenv("PRUDENT_MODEL", SMALLEST)
    monkeypatch.delenv("PRUDENT_BASE_URL", raising=False)
    (tmp_path / "snippet.py").write_text(code, encoding="utf-8")
    runpy.run_path(str(tmp_path / "snippet.py"), run_name="__main__")
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("code", WITH_SERVER)
def test_the_openai_client_runs_against_a_server(code: str, server: str) -> None:
    assert ADDRESS in code
    done = _run(code.replace(ADDRESS, server).replace("qwen2.5-coder-0.5b-instruct", SMALLEST))
    assert done.stdout.strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_exist(command: str) -> None:
    """Each is parsed as far as its options by asking for its help."""
    words = shlex.split(command)[1:]
    assert _without_values(words)
    done = CliRunner().invoke(app, [*_without_values(words), "--help"])
    assert done.exit_code == 0, done.output
    assert [option for option in words if option.startswith("--") and option not in done.output] == []


def test_the_example_of_a_redaction_is_what_happens() -> None:
    """The command, what the model gets, and the remark stand in the README as they are."""
    question = "Greet my aunt, her address is ann@example.org"
    model = ScriptedModel("Hello Ann!")
    with RunningServer(scripted_app(model, settings=Settings(policy="strict", preload=False))) as running:
        done = CliRunner().invoke(app, ["chat", "--base-url", running.base_url, question])
    assert f'prudent chat --policy strict "{question}"' in README
    assert f"`{model.requests[0].messages[0].content}`" in README
    assert f"```\n{done.stderr}```" in README


def test_the_models_are_those_that_answer() -> None:
    named = re.findall(
        r"^\| `([\w.-]+)`(?: \(default\))? \| ([\w.-]+) \| ([\d,]+) MB \|", README, re.MULTILINE
    )
    known = [e for e in Catalog.load().entries if e.task != "speech.vad" and e.id != NOT_RUN]
    assert {(e.id, e.license.partition(" ")[0], f"{e.bytes / 1e6:,.0f}") for e in known} == set(named)


@pytest.fixture
def server(smol_artifact: DecoderArtifact) -> Generator[str]:
    """A server of the command line, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "prudent",
        "serve",
        "--model",
        smol_artifact.card.id,
        "--port",
        str(port),
    ]
    with subprocess.Popen(command) as process:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "the server did not become ready"
        time.sleep(0.2)


def _run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PRUDENT_MODEL": SMALLEST}
    environment.pop("PRUDENT_BASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def _without_values(words: list[str]) -> list[str]:
    """The command's path: the words before its options and arguments."""
    return words[:2] if words and words[0] in GROUPS else words[:1]
