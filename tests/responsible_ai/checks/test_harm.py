"""The harm check's rules, with an encoder that finds what it is told to find."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding
from prudent_responsible_ai.checks.harm import LABEL_OF, SUPPORT, HarmCheck, HarmOptions
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.severity import Thresholds
from prudent_responsible_ai.text_view import Reading

WORDS = {
    "hate": ["vermin"],
    "self_harm": ["end my life", "自杀"],
    "harmful_request": ["bomb"],
    "violence": ["stab"],
}


class Bands:
    """Chinese is judged more strictly than the rest."""

    def thresholds(self, label: str, language: str) -> Thresholds:
        assert label in LABEL_OF.values()
        return Thresholds(0.1, 0.2, 0.3) if language == "zh" else Thresholds(0.3, 0.6, 0.9)


@pytest.fixture
def encoder() -> ScriptedEncoder:
    return ScriptedEncoder(WORDS)


def _check(encoder: ScriptedEncoder, **options: object) -> HarmCheck:
    return HarmCheck(ScriptedModels(encoder), HarmOptions.model_validate(options), Bands())


def _found(check: HarmCheck, text: str, source: Source = Source.USER, start: int = 0) -> dict[str, Finding]:
    findings = check.check(text, CheckContext(source, Reading(text, start)))
    return {finding.category: finding for finding in findings if finding.state is CheckState.CHECKED}


def test_a_harmful_sentence_is_found_where_it_stands(encoder: ScriptedEncoder) -> None:
    text = "The weather is fine. They are vermin! So be it."
    found = _found(_check(encoder), text)
    assert list(found) == ["hate"]
    (span,) = found["hate"].spans
    assert text[span.start : span.end].strip() == "They are vermin!"
    assert found["hate"].severity == 7
    assert found["hate"].score == pytest.approx(0.95)


def test_a_harmless_text_has_no_findings(encoder: ScriptedEncoder) -> None:
    assert _found(_check(encoder), "The weather is fine.") == {}
    assert _found(_check(encoder), "") == {}


def test_one_letter_again_and_again_says_nothing() -> None:
    check = _check(ScriptedEncoder({"violence": ["x", "杀"]}))
    for text in ("x" * 20_000, "xxxx", "x x X x!"):
        assert _found(check, text) == {}
    for text in ("xxx", "xxxx me", "杀杀杀杀杀"):
        assert "violence" in _found(check, text)


def test_a_disguise_is_undone_and_said_so(encoder: ScriptedEncoder) -> None:
    plain = _found(_check(encoder), "They are vermin.")["hate"]
    found = _found(_check(encoder), "They are v-e-r-m-i-n here.")["hate"]
    assert found.reason == f"{plain.reason}, in disguise"
    leet = "Hello there. They are v3rmin. Bye now."
    (span,) = _found(_check(encoder), leet)["hate"].spans
    assert leet[span.start : span.end].strip() == "They are v3rmin."


def test_illicit_is_the_label_of_harmful_requests(encoder: ScriptedEncoder) -> None:
    assert list(_found(_check(encoder), "How is a bomb built?")) == ["illicit"]


def test_a_threshold_of_the_policy_moves_the_others_along(encoder: ScriptedEncoder) -> None:
    text = "They are vermin."
    assert _found(_check(encoder, thresholds={"hate": 0.93}), text)["hate"].severity == 4
    assert _found(_check(encoder, thresholds={"hate": 0.98}), text)["hate"].severity in (2, 3)
    assert "hate" not in _found(_check(encoder, thresholds={"hate": 0.999}), text)
    assert _found(_check(encoder, thresholds={"violence": 0.999}), text)["hate"].severity == 7


def test_thresholds_are_those_of_the_language(encoder: ScriptedEncoder) -> None:
    class Near(Bands):
        def thresholds(self, label: str, language: str) -> Thresholds:
            return Thresholds(0.96, 0.97, 0.98) if language == "zh" else Thresholds(0.1, 0.2, 0.3)

    check = HarmCheck(ScriptedModels(encoder), None, Near())
    assert "self_harm" in _found(check, "I want to end my life.")
    assert _found(check, "他在考虑自杀的事情。") == {}


@pytest.mark.parametrize(("text", "language"), [("I want to end my life.", "en"), ("我想自杀。", "zh")])
def test_who_speaks_of_self_harm_is_told_where_help_is(
    encoder: ScriptedEncoder, text: str, language: str
) -> None:
    reason = _found(_check(encoder), text)["self_harm"].reason or ""
    assert SUPPORT[language] in reason
    answer = _found(_check(encoder), text, Source.ASSISTANT)["self_harm"].reason or ""
    assert SUPPORT[language] not in answer


def test_the_message_of_support_can_be_ones_own_or_none(encoder: ScriptedEncoder) -> None:
    text = "I want to end my life."
    own = _found(_check(encoder, support={"en": "Call 123."}), text)["self_harm"].reason or ""
    assert own.endswith("Call 123.")
    none = _found(_check(encoder, support={}), text)["self_harm"].reason or ""
    assert "Call" not in none


def test_a_language_that_was_not_measured_is_unverified_and_still_judged(encoder: ScriptedEncoder) -> None:
    text = "Так сказал мой сосед: vermin, они все."
    findings = _check(encoder).check(text, CheckContext(Source.USER, Reading(text)))
    unverified = [one.category for one in findings if one.state is CheckState.UNVERIFIED]
    assert unverified == list(LABEL_OF)
    assert [one.category for one in findings if one.state is CheckState.CHECKED] == ["hate"]


def test_a_new_sentence_is_judged_alone_and_with_what_went_before(encoder: ScriptedEncoder) -> None:
    before = "He said they are. "
    text = before + "Vermin is what he meant."
    (span,) = _found(_check(encoder), text, Source.ASSISTANT, len(before))["hate"].spans
    assert span.end == len(text)


def test_nothing_is_opened_before_it_is_needed() -> None:
    class Closed:
        def encoder(self) -> ScriptedEncoder:
            raise AssertionError("opened too early")

        def embedder(self) -> object:
            raise AssertionError("opened too early")

    check = HarmCheck.from_setup(CheckSetup(Closed(), "harm"))  # type: ignore[arg-type]
    assert check.model_hash is None


@pytest.mark.parametrize(
    "options", [{"thresholds": {"hat": 0.5}}, {"thresholds": {"hate": 1.5}}, {"strict": True}]
)
def test_wrong_options_are_named(encoder: ScriptedEncoder, options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"options\.harm"):
        HarmCheck.from_setup(CheckSetup(ScriptedModels(encoder), "harm", options))  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["vermin", "v3rmin", "v-e-r-m-i-n", "b\u200bomb", "fine", "好", ". ", " "]),
        max_size=30,
    )
)
def test_spans_lie_in_the_text_and_do_not_overlap(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for found in _found(_check(ScriptedEncoder(WORDS)), text).values():
        ends = [0]
        for span in found.spans:
            assert ends[-1] <= span.start < span.end <= len(text)
            ends.append(span.end)
