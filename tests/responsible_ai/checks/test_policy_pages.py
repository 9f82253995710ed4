"""The policies on the pages about attacks and about grounding are ones that the checks accept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent_responsible_ai.assemble import build_pipeline
from prudent_responsible_ai.checks.attack import AttackCheck
from prudent_responsible_ai.policy import Policy

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("check", ["attack", "grounded"])
def test_the_policy_of_the_page_builds_a_pipeline(check: str) -> None:
    block = re.search(r"```yaml\n(.*?)```", (DOCS / f"{check}.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    written = {"name": "page", "version": "1", **yaml.safe_load(block[1])}
    policy = Policy.model_validate_json(json.dumps(written))
    pipeline = build_pipeline(policy, ScriptedModels(ScriptedEncoder({})))  # type: ignore[arg-type]
    assert check in pipeline.policy.options


def test_the_page_names_the_categories_there_are() -> None:
    page = (DOCS / "attack.md").read_text(encoding="utf-8")
    assert [name for name in AttackCheck.categories if f"`{name}`" not in page] == []
