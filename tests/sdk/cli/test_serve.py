"""`prudent serve` as a process: where it listens, how it says so, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from typer.testing import CliRunner

from prudent.cli.main import app
from prudent.runtime.artifact import DecoderArtifact

Prudent = Callable[..., subprocess.CompletedProcess[str]]
SECONDS = 60


@contextmanager
def serving(*arguments: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port: its process, and its URL once the model is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "prudent", "serve", "--port", "0", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


def test_a_port_in_use_is_one_line(prudent: Prudent) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = prudent("serve", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr == (
        f"error: Port {port} on 127.0.0.1 is in use.\nhint: Choose another with --port; 0 takes a free one.\n"
    )


def test_it_does_not_open_to_a_network_without_a_key() -> None:
    done = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert done.exit_code == 2
    assert "--allow-remote" in done.stderr


def test_an_unknown_model_is_told_before_it_listens() -> None:
    done = CliRunner().invoke(app, ["serve", "--model", "smollm2-135m-instrcut", "--port", "0"])
    assert done.exit_code == 2
    assert "smollm2-135m-instruct" in done.stderr


def test_an_unknown_policy_is_told() -> None:
    done = CliRunner().invoke(app, ["serve", "--policy", "strictest", "--port", "0"])
    assert done.exit_code == 2
    assert "strictest" in done.stderr


def test_a_model_that_cannot_be_brought_ends_the_server(prudent: Prudent, tmp_path: Path) -> None:
    """With nothing in the cache and no network there is nothing to serve."""
    home = {"PRUDENT_HOME": str(tmp_path), "PRUDENT_OFFLINE": "1"}
    done = prudent("serve", "--model", "smollm2-135m-instruct", "--port", "0", **home)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "PRUDENT_OFFLINE" in done.stderr


def test_ctrl_c_ends_it_cleanly(smol_artifact: DecoderArtifact) -> None:
    with serving("--model", smol_artifact.card.id) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/readyz").status_code == 200
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=SECONDS)
    _has_ended_cleanly(process, said)
    assert f"is ready on {url}" in said


def test_a_key_from_a_file_is_asked_for_and_never_shown_and_sigterm_ends_it_cleanly(
    smol_artifact: DecoderArtifact, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("correct-horse\n")
    keys.chmod(stat.S_IRUSR)
    with serving("--model", smol_artifact.card.id, "--api-key-file", str(keys)) as (process, url):
        assert httpx.get(f"{url}/v1/models").status_code == 401
        known = {"Authorization": "Bearer correct-horse"}
        assert httpx.get(f"{url}/v1/models", headers=known).status_code == 200
        process.terminate()
        out, said = process.communicate(timeout=SECONDS)
    assert "correct-horse" not in out + said
    _has_ended_cleanly(process, said)


def _has_ended_cleanly(process: subprocess.Popen[str], said: str) -> None:
    assert process.returncode == 0
    assert "Traceback" not in said
