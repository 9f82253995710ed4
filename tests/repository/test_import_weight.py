"""Importing prudent and asking the command line for help cost next to nothing."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable

MODELS_AND_SERVER = ("onnxruntime", "onnx", "gguf", "tiktoken", "fastapi", "uvicorn", "numpy", "typer")
HEAVY = (*MODELS_AND_SERVER, "rich", "httpx", "pydantic")
IMPORT_SECONDS = 0.150
HELP_SECONDS = 0.300
TRIES = 8
"""Best of several: a shared machine can only ever make a run look slower than it is."""

Python = Callable[..., subprocess.CompletedProcess[str]]

LOADED = """
import json, sys, time
started = time.perf_counter()
{statement}
seconds = time.perf_counter() - started
print(json.dumps({{"seconds": seconds, "loaded": [name for name in {names!r} if name in sys.modules]}}))
"""


def test_import_prudent_is_light_and_quick(python: Python) -> None:
    code = LOADED.format(statement="import prudent", names=HEAVY)
    runs = [json.loads(python("-c", code).stdout) for _ in range(TRIES)]
    assert runs[0]["loaded"] == []
    assert min(run["seconds"] for run in runs) < IMPORT_SECONDS


def test_the_client_alone_loads_no_model_and_no_server(python: Python) -> None:
    """Who talks to a server elsewhere does not pay for one here."""
    code = LOADED.format(
        statement="import prudent; prudent.Client('http://127.0.0.1:9').close()", names=MODELS_AND_SERVER
    )
    assert json.loads(python("-c", code).stdout)["loaded"] == []


def test_help_comes_at_once(python: Python) -> None:
    seconds: list[float] = []
    for _ in range(TRIES):
        started = time.perf_counter()
        done = python("-m", "prudent", "--help")
        seconds.append(time.perf_counter() - started)
        assert "chat" in done.stdout
    assert min(seconds) < HELP_SECONDS
