"""The policy on the page about personal data does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.types.content import Source
from prudent_responsible_ai import Part, Policy, build_pipeline
from prudent_responsible_ai.checks.names import LANGUAGES, NamesCheck
from prudent_responsible_ai.checks.personal_data import PersonalDataCheck

PAGE = (Path(__file__).parents[3] / "docs" / "personal-data.md").read_text(encoding="utf-8")


def test_the_policy_of_the_page_redacts_and_restores() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    policy = Policy.model_validate_json(
        json.dumps({"name": "page", "version": "1", **yaml.safe_load(block[1])})
    )
    encoder = ScriptedEncoder({}, {"Ann Lee": "PERSON", "ACME": "ORG"})
    pipeline = build_pipeline(policy, ScriptedModels(encoder))
    text = "Ann Lee of ACME, ann@example.org or help@example.com, asks."
    review = pipeline.review([Part(text, Source.USER)])
    assert review.parts[0].text == "[PERSON_1] of ACME, [EMAIL_1] or help@example.com, asks."
    gate = pipeline.open_gate(review)
    answer = "Dear [PERSON_1], [EMAIL_1] and eve@example.net got it."
    assert (
        gate.feed(answer).text + gate.finish().text == "Dear Ann Lee, ann@example.org and [EMAIL_2] got it."
    )


def test_the_page_names_the_checks_and_their_languages() -> None:
    for check in (PersonalDataCheck, NamesCheck):
        assert f"| `{check.id}` | {check.categories[0]} |" in PAGE
    assert len(LANGUAGES) == 10
