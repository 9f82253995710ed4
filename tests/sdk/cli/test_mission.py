"""`prudent demo` whole, with the real models: skipped where they are not in the cache."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from prudent.catalog.catalog import Catalog
from prudent.store import model_state

NEEDED = (
    "qwen2.5-coder-0.5b-instruct",
    "multilingual-e5-small",
    "whisper-tiny.en",
    "pp-ocrv6-small",
)


@pytest.mark.timeout(300)
def test_the_demo_books_the_receipt_answers_from_the_handbook_and_stops_the_hidden_order() -> None:
    for model in NEEDED:
        if model_state(Catalog.load().get(model)) != "compiled":
            pytest.skip(f"{model} is not in the cache: prudent models pull brings it")
    command = [sys.executable, "-W", "error", "-m", "prudent", "demo", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "done"
    assert "dinner" in told["goal"]
    assert told["expenses"].count("\n") == 0
    assert told["expenses"].endswith("20.60")
    assert "35" in told["answer"]
    assert "[1]" in told["answer"]
    assert any("attack" in line for line in told["stopped"])
    assert any(source.startswith("[1] handbook.md") for source in told["sources"])
    assert told["audit_ids"]
    assert told["cost"]["tool_calls"] == 3
