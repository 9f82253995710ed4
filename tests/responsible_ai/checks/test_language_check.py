"""The language check reports what other checks cannot vouch for, and what a policy does not want."""

from __future__ import annotations

import pytest
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding
from prudent_responsible_ai.checks.language import LanguageCheck, LanguageOptions
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.text_view import Reading

FRENCH = "Quelle est la meilleure recette de crêpes ?"


def _found(check: LanguageCheck, text: str, start: int = 0) -> list[Finding]:
    return check.check(text, CheckContext(Source.USER, Reading(text, start)))


@pytest.mark.parametrize("text", ["What is the best recipe?", "最好的菜谱是什么？", "12 + 4 = 16", ""])
def test_measured_languages_have_no_finding(text: str) -> None:
    assert _found(LanguageCheck(), text) == []


def test_another_language_is_unverified_and_named() -> None:
    (found,) = _found(LanguageCheck(), FRENCH)
    assert found.state is CheckState.UNVERIFIED
    assert "(fr)" in (found.reason or "")


def test_a_policy_can_name_the_languages_that_it_wants() -> None:
    check = LanguageCheck(LanguageOptions(allowed=["zh"]))
    (found,) = _found(check, "What is the best recipe?")
    assert (found.severity, found.state) == (4, CheckState.CHECKED)
    assert _found(check, "最好的菜谱是什么？") == []
    assert _found(check, "12 + 4 = 16") == []


def test_a_deployment_can_say_what_it_has_measured() -> None:
    assert _found(LanguageCheck(LanguageOptions(measured=["en", "fr"])), FRENCH) == []


def test_only_the_new_text_counts() -> None:
    text = f"{FRENCH} And now something in English, as it is spoken here."
    assert _found(LanguageCheck(), text, start=len(FRENCH)) == []


def test_wrong_options_are_named() -> None:
    setup = CheckSetup(ScriptedModels(ScriptedEncoder({})), "language", {"allow": ["en"]})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"options\.language\.allow"):
        LanguageCheck.from_setup(setup)
