"""Importing prudent and asking the command line for help cost next to nothing.

Times are CPU seconds: a start reads files that are in memory already and waits for nothing, so on an idle
machine they are the seconds of a clock, and on a busy one they still are.
"""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Callable

MODELS_AND_SERVER = ("onnxruntime", "onnx", "gguf", "tiktoken", "fastapi", "uvicorn", "numpy", "typer")
HEAVY = (*MODELS_AND_SERVER, "rich", "httpx", "pydantic")
IMPORT_SECONDS = 0.150
HELP_SECONDS = 0.300
TRIES = 5
"""Best of several: other work can only ever make a run look slower than it is."""

Python = Callable[..., subprocess.CompletedProcess[str]]

LOADED = """
import json, sys, time
started = time.process_time()
{statement}
seconds = time.process_time() - started
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
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = python("-m", "prudent", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        assert "chat" in done.stdout
    assert min(seconds) < HELP_SECONDS
