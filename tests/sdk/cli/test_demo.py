"""`prudent demo`: the whole mission, and with --chat an answer with its figures from the smallest model."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from prudent.runtime.artifact import DecoderArtifact

QUESTION = "Hi"
"""The smallest model answers this briefly; of France it only raves, and llama.cpp says the same."""

Prudent = Callable[..., subprocess.CompletedProcess[str]]


def test_the_answer_is_on_stdout_and_the_figures_on_stderr(
    prudent: Prudent, smol_artifact: DecoderArtifact
) -> None:
    done = prudent("demo", "--model", smol_artifact.card.id, "--chat", QUESTION)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Hello!")
    assert "tokens/s" not in done.stdout
    for said in ("tokens/s", smol_artifact.card.id, "int8", "greedy agreement", "checks", "policy", "audit"):
        assert said in done.stderr


def test_json_holds_answer_figures_card_and_verdicts(
    prudent: Prudent, smol_artifact: DecoderArtifact
) -> None:
    done = prudent("demo", "--json", "--model", smol_artifact.card.id, "--chat", QUESTION)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["answer"].startswith("Hello!")
    assert result["tokens_per_second"] > 0
    seconds = result["seconds"]
    assert 0 < seconds["first_token"] <= seconds["first_text"] <= seconds["answer"]
    assert result["card"]["accuracy"]["greedy_agreement"] > 0.9
    assert result["checks"]["found"] == []
    assert {"secrets", "pii"} <= set(result["checks"]["ran"])
    assert result["safety"]["policy"] == "default"
