"""The policy on the page about harm is one that the checks accept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.types.content import Source
from prudent_responsible_ai.assemble import build_pipeline
from prudent_responsible_ai.checks.harm import HarmCheck
from prudent_responsible_ai.policy import Policy

PAGE = Path(__file__).parents[3] / "docs" / "harm.md"


def test_the_policy_of_the_page_builds_a_pipeline() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    written = {"name": "page", "version": "1", **yaml.safe_load(block[1])}
    policy = Policy.model_validate_json(json.dumps(written))
    pipeline = build_pipeline(policy, ScriptedModels(ScriptedEncoder({})))  # type: ignore[arg-type]
    assert {rule.check for rule in policy.rules_for(Source.USER)} == {"harm", "language"}
    assert pipeline.policy.options["harm"]["thresholds"] == {"profanity": 0.9}


def test_the_page_names_the_categories_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert ", ".join(HarmCheck.categories) in page
