"""The check of groundedness with the weights of the package: what documents say, and what they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext, Finding
from prudent_responsible_ai.checks.grounded import GroundedCheck
from prudent_responsible_ai.grounding.claims import makes_claim
from prudent_responsible_ai.grounding.facts import facts, han_number, stated
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.text_view import Reading

DOCUMENT = (
    "The Aare Bridge was opened on 3 May 1998 in Bern. It is 1,250 metres long and has two railway lines. "
    "The engineer Anna Keller designed it, and 35 percent of its cost was paid by the city."
)
ZH = "青岩大桥于1998年5月3日通车，全长一千二百五十米。大桥由工程师李明设计，造价为三点五亿元。"


def _found(
    answer: str, document: str = DOCUMENT, question: str = "Tell me about the bridge."
) -> list[Finding]:
    around = [Part(question, Source.USER), Part(document, Source.DOCUMENT, part_index=1)]
    check = GroundedCheck.from_setup(CheckSetup(ScriptedModels(ScriptedEncoder({})), "grounded"))
    return check.check(answer, CheckContext(Source.ASSISTANT, Reading(answer), around))


def test_what_the_document_says_is_not_found() -> None:
    assert _found("The Aare Bridge was opened on 3 May 1998 in Bern.") == []


def test_what_the_document_says_in_other_words_is_not_found_by_the_encoder_of_the_package() -> None:
    check = GroundedCheck.from_setup(CheckSetup(shared_models(), "grounded"))
    around = [Part("Tell me about the bridge.", Source.USER), Part(DOCUMENT, Source.DOCUMENT, part_index=1)]
    for answer in ("The engineer Anna Keller designed it.", "The city paid 35 percent of the cost."):
        assert check.check(answer, CheckContext(Source.ASSISTANT, Reading(answer), around)) == []


def test_a_sentence_about_something_else_is_unsupported() -> None:
    answer = (
        "The Aare Bridge was opened on 3 May 1998 in Bern. Penguins mostly live on frozen southern islands."
    )
    (finding,) = _found(answer)
    (span,) = finding.spans
    assert answer[span.start : span.end].startswith("Penguins")
    assert span.label == "unsupported"
    assert finding.severity >= 4


def test_another_number_is_a_contradiction_with_its_passage_and_place() -> None:
    answer = "The opening of the bridge in Geneva cost 47 lives on 9 June 2004."
    (finding,) = _found(answer)
    assert finding.spans[0].label == "contradicted"
    assert finding.reason is not None
    assert "of part 1" in finding.reason
    assert "Geneva" not in finding.reason
    date = next(span for span in finding.because if span.label == "date_without_match")
    assert answer[date.start : date.end] == "9 June 2004"


def test_chinese_answers_are_held_against_chinese_documents() -> None:
    assert _found("青岩大桥全长一千二百五十米。", ZH, "介绍一下大桥。") == []
    (finding,) = _found("企鹅主要生活在南方寒冷的岛屿上面。", ZH, "介绍一下大桥。")
    assert finding.spans[0].label == "unsupported"


def test_an_answer_without_documents_is_not_judged() -> None:
    check = GroundedCheck(ScriptedModels(ScriptedEncoder({})))
    around = [Part("Where do penguins live?", Source.USER)]
    context = CheckContext(Source.ASSISTANT, Reading("They live in Alaska."), around)
    assert check.check("They live in Alaska.", context) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Hello there!",
        "Would you like to know more?",
        "I'm sorry, I cannot help.",
        "The document does not say.",
        "抱歉，我不知道。",
    ],
)
def test_what_claims_nothing_is_not_judged(sentence: str) -> None:
    assert not makes_claim(sentence)


def test_a_value_has_many_spellings() -> None:
    known = facts("It cost 1.2 million on May 3rd, 1998, that is 35%.")
    for text in (
        "1,200,000",
        "120万",
        "一百二十万",
        "3 May 1998",
        "1998-05-03",
        "1998年5月3日",
        "百分之三十五",
        "35 per cent",
    ):
        (value,) = facts(text)
        assert stated(value, known, ""), text
    (other,) = facts("4 May 1998")
    assert not stated(other, known, "")


@given(st.integers(min_value=0, max_value=9_999))
def test_chinese_numerals_have_their_value(number: int) -> None:
    digits = "零一二三四五六七八九"
    text = "".join(
        digits[number // size % 10] + unit
        for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
        if number // size % 10
    )
    assert han_number(text or "零") == number


@settings(max_examples=30)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_judged_within_its_bounds(answer: str, document: str) -> None:
    for finding in _found(answer, document):
        assert all(0 <= span.start < span.end <= len(answer) for span in (*finding.spans, *finding.because))


def test_unknown_options_are_refused() -> None:
    setup = CheckSetup(ScriptedModels(ScriptedEncoder({})), "grounded", {"user": True})
    with pytest.raises(ConfigurationError, match="grounded"):
        GroundedCheck.from_setup(setup)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is 1,250 metres long and has two railway lines.",
        "it is 1,250 metres long, and has two railway lines",
        "The Aare Bridge was opened on 3 May 1998 in Bern.",
    ],
)
def test_a_sentence_of_the_document_is_supported_whatever_the_signs_say(sentence: str) -> None:
    assert _found(sentence) == []
