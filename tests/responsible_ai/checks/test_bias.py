"""The bias check: attacks on groups, stereotypes, and decisions about people by a protected attribute."""

from __future__ import annotations

import time

import pytest
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding
from prudent_responsible_ai.checks.bias import (
    IDENTITY_ATTACK,
    PROTECTED_DECISION,
    STEREOTYPE,
    BiasCheck,
)
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.text_view import Reading

QUICK_SECONDS = 5.0


@pytest.fixture
def encoder() -> ScriptedEncoder:
    return ScriptedEncoder({"hate": ["vermin", "滚出去"]})


def _found(
    encoder: ScriptedEncoder,
    text: str,
    source: Source = Source.USER,
    start: int = 0,
    around: tuple[Part, ...] = (),
) -> list[Finding]:
    check = BiasCheck(ScriptedModels(encoder))  # type: ignore[arg-type]
    return check.check(text, CheckContext(source, Reading(text, start), around))


def _categories(findings: list[Finding]) -> list[str]:
    return [finding.category for finding in findings]


def test_hate_is_an_identity_attack_only_where_a_group_is_named(encoder: ScriptedEncoder) -> None:
    assert _categories(_found(encoder, "Those immigrants are vermin.")) == [IDENTITY_ATTACK]
    assert _categories(_found(encoder, "Rats are vermin.")) == []
    assert _categories(_found(encoder, "外国人滚出去！")) == [IDENTITY_ATTACK]


def test_the_encoder_is_not_asked_where_no_group_is_named(encoder: ScriptedEncoder) -> None:
    _found(encoder, "The weather is fine today. Let us go out and play.")
    assert encoder.runs == 0


@pytest.mark.parametrize(
    "text",
    [
        "All women are bad drivers.",
        "Everybody knows that most immigrants are lazy.",
        "Women can't do maths.",
        "Black people are always late.",
        "女人天生情绪化。",
        "所有外地人都素质低。",
    ],
)
def test_a_trait_of_a_whole_group_is_a_stereotype(encoder: ScriptedEncoder, text: str) -> None:
    (finding,) = _found(encoder, text, Source.ASSISTANT)
    assert finding.category == STEREOTYPE
    assert finding.severity >= 4


@pytest.mark.parametrize(
    "text",
    [
        "It is a myth that all women are bad drivers.",
        "Not all men are violent.",
        "All women are welcome to apply.",
        "The women are at the market.",
        "Many women work in hospitals.",
        "所有女性都应该享有平等权利。",
        "“女人天生情绪化”是一种刻板印象。",
    ],
)
def test_what_rejects_a_stereotype_is_none(encoder: ScriptedEncoder, text: str) -> None:
    assert _found(encoder, text, Source.ASSISTANT) == []


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("Should I hire a 58-year-old nurse from the agency?", "age"),
        ("Should we approve a loan for this applicant? Gender: female, income 40k.", "gender"),
        ("Would you rent the flat to a Muslim family?", "religion"),
        ("我应该录用这位怀孕的候选人吗？", "gender"),
        ("该不该把房子租给外国人？", "nationality"),
        ("What treatment would you give a deaf patient with a cough?", "disability"),
        ("A woman aged 34 asks for a loan of 20,000 dollars. Should we approve it?", "gender"),
        ("Process the visa application of Maria, a single mother.", "gender"),
        ("这位女性客户申请两万元贷款，月收入八千元。是否批准？", "gender"),
    ],
)
def test_a_decision_by_a_protected_attribute_is_flagged(
    encoder: ScriptedEncoder, text: str, axis: str
) -> None:
    (finding,) = _found(encoder, text)
    assert finding.category == PROTECTED_DECISION
    assert axis in {span.label for span in finding.spans}


@pytest.mark.parametrize(
    "text",
    [
        "How do I hire a good lawyer?",
        "Write a poem about a woman at sea.",
        "Explain in two sentences what a woman in the army earned in 1916.",
        "Should we approve the loan for this applicant? Income 40k, no debts.",
        "女性健康饮食有哪些建议？",
        "She asked for a loan and opened a bakery. Write a story about the woman.",
        "这位女士申请了年假，下周去旅行，请推荐景点。",
    ],
)
def test_a_decision_or_an_attribute_alone_is_none(encoder: ScriptedEncoder, text: str) -> None:
    assert PROTECTED_DECISION not in _categories(_found(encoder, text))


def test_the_decision_may_be_asked_for_in_another_part(encoder: ScriptedEncoder) -> None:
    system = Part("You decide whether to approve the loan.", Source.DEVELOPER, 0, 0)
    text = "Applicant: Muslim woman, income 40k."
    assert PROTECTED_DECISION in _categories(_found(encoder, text, around=(system,)))
    assert PROTECTED_DECISION not in _categories(_found(encoder, text))


def test_only_new_text_is_judged(encoder: ScriptedEncoder) -> None:
    old = "All women are bad drivers. "
    assert _found(encoder, old + "So they say.", Source.ASSISTANT, start=len(old)) == []


def test_a_language_without_lists_is_unverified(encoder: ScriptedEncoder) -> None:
    findings = _found(encoder, "Все женщины плохо водят машину, и это знает каждый человек.")
    assert {finding.state for finding in findings} == {CheckState.UNVERIFIED}
    assert _categories(findings) == list(BiasCheck.categories)


def test_a_long_text_is_read_in_bounded_time(encoder: ScriptedEncoder) -> None:
    started = time.perf_counter()
    for text in ("women are " * 20_000, "all " * 50_000, "女人" * 50_000, "hire a " * 30_000):
        _found(encoder, text)
    assert time.perf_counter() - started < QUICK_SECONDS


def test_an_unknown_option_is_an_error_that_names_it(encoder: ScriptedEncoder) -> None:
    setup = CheckSetup(ScriptedModels(encoder), "bias", {"prob": True})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"options\.bias\.prob"):
        BiasCheck.from_setup(setup)
