"""The check of groundedness with a chat model that reads what the signs leave open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scripted_encoder import ScriptedEncoder, ScriptedModels, ScriptedReader

from prudent.errors import ConfigurationError
from prudent.types.chat import TokenLogprob, TopLogprob
from prudent.types.content import Source
from prudent.types.safety import Action, CheckState
from prudent_responsible_ai.assemble import build_pipeline
from prudent_responsible_ai.check import CheckContext, Finding
from prudent_responsible_ai.checks.grounded import GroundedCheck
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.grounding.reader import Question, log_odds
from prudent_responsible_ai.grounding.rereading import LONGEST_WHOLE, Fusion, ReaderWeights, question_of
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.policy import Policy, Rule
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.text_view import Reading

MODEL = next(iter(ReaderWeights.packaged().models))
DOCUMENT = (
    "The museum opens at nine on weekdays and at ten on Sundays. Tickets cost 12 euros, children pay half. "
    "The old wing is closed for repairs until spring."
)
QUESTION = "When can I visit the museum?"
TURNED = "The museum opens at ten on weekdays and at nine on Sundays."
SAID = "Children pay half of 12 euros for their tickets."


def check(reader: ScriptedReader, **options: Any) -> GroundedCheck:
    models = ScriptedModels(ScriptedEncoder({}), reader)
    return GroundedCheck.from_setup(CheckSetup(models, "grounded", {"reader": MODEL, **options}))


def found(
    with_reader: GroundedCheck, answer: str, context: CheckContext | None = None, *after: Part
) -> list[Finding]:
    around = [Part(QUESTION, Source.USER), Part(DOCUMENT, Source.DOCUMENT), *after]
    given = context or CheckContext(Source.ASSISTANT, Reading(answer), around)
    return with_reader.check(answer, given)


def flagged(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.severity >= 4]


def test_what_the_reader_says_decides_where_the_signs_leave_it_open() -> None:
    doubting, believing = ScriptedReader([]), ScriptedReader([TURNED])
    (finding,) = flagged(found(check(doubting), TURNED))
    assert finding.reason is not None
    assert "a chat model has read it" in finding.reason
    assert flagged(found(check(believing), TURNED)) == []
    (question,) = believing.asked
    assert question == Question(DOCUMENT, TURNED)


def test_short_documents_are_read_whole_and_of_long_ones_the_nearest_passages() -> None:
    reader = ScriptedReader([])
    long = DOCUMENT + " Nothing else is said here about it." * 100
    around = [Part(QUESTION, Source.USER), Part(long, Source.DOCUMENT)]
    found(check(reader), SAID, CheckContext(Source.ASSISTANT, Reading(SAID), around))
    (question,) = reader.asked
    assert len(question.evidence) < LONGEST_WHOLE
    assert "Tickets cost 12 euros" in question.evidence


def test_what_there_was_no_time_for_is_unverified_and_is_tried_again() -> None:
    reader = ScriptedReader([TURNED, SAID], most=1)
    findings = found(check(reader), f"{TURNED} {SAID}")
    (unread,) = [one for one in findings if one.state is CheckState.UNVERIFIED]
    assert unread.reason is not None
    assert "1 sentences were not read" in unread.reason
    assert not unread.lasting


def test_the_time_is_one_for_all_portions_of_an_answer() -> None:
    reader = ScriptedReader([TURNED])
    with_reader = check(reader, reader_seconds=5)
    around = [Part(QUESTION, Source.USER), Part(DOCUMENT, Source.DOCUMENT)]
    context = CheckContext(Source.ASSISTANT, Reading(TURNED), around)
    found(with_reader, TURNED, context)
    assert 0 < context.spent["grounded"] < 5
    context.spent["grounded"] = 5.0
    findings = found(with_reader, TURNED, replace(context, reading=Reading(TURNED)))
    assert len(reader.asked) == 1
    assert any(one.state is CheckState.UNVERIFIED for one in findings)


def test_an_answer_of_an_earlier_turn_is_not_read_again() -> None:
    reader = ScriptedReader([])
    answered = [Part(TURNED, Source.ASSISTANT), Part("And on Mondays?", Source.USER)]
    around = [Part(QUESTION, Source.USER), Part(DOCUMENT, Source.DOCUMENT), *answered]
    found(check(reader), TURNED, CheckContext(Source.ASSISTANT, Reading(TURNED), around))
    assert reader.asked == []
    found(check(reader), TURNED, CheckContext(Source.ASSISTANT, Reading(TURNED), around[:3]))
    assert len(reader.asked) == 1


def test_a_model_that_was_not_measured_is_refused_where_the_policy_is_checked() -> None:
    rules = {Source.ASSISTANT: [Rule(check="grounded", action=Action.ANNOTATE)]}
    policy = Policy(name="own", version="1", rules=rules, options={"grounded": {"reader": "some-model"}})
    with pytest.raises(ConfigurationError, match=r"options\.grounded\.reader.*some-model") as caught:
        build_pipeline(policy, ScriptedModels(ScriptedEncoder({})))  # type: ignore[arg-type]
    assert MODEL in str(caught.value.hint)


def test_an_answer_counts_however_it_is_written() -> None:
    words = {"Yes": -0.5, " yes": -2.0, "No": -1.5, "Maybe": -3.0}
    top = [TopLogprob(token=token, logprob=logprob) for token, logprob in words.items()]
    word = TokenLogprob(token="Yes", logprob=-0.5, top_logprobs=top)
    assert log_odds(word) == pytest.approx(-1.5 - (-0.5 + 0.2014), abs=1e-3)
    assert log_odds(TokenLogprob(token="No", logprob=-0.1)) > 15


def test_more_doubt_of_the_model_never_lowers_the_score_of_the_package() -> None:
    for fit in ReaderWeights.packaged().models.values():
        for fusion in fit.shapes.values():
            _rises(fusion)


def _rises(fusion: Fusion) -> None:
    for score in (0.3, 0.5, 0.7):
        scores = [fusion.probability(score, doubt) for doubt in (-8.0, -3.0, 0.0, 3.0, 8.0)]
        assert scores == sorted(scores)


def test_a_question_is_read_with_a_short_answer_only() -> None:
    judge = check(ScriptedReader([]))._judge  # pyright: ignore[reportPrivateUsage]
    documents = Documents([(0, DOCUMENT)])
    judged = judge.judged(["12 euros", SAID], "How much is a ticket?", documents)
    assert [question_of(one, documents).asked for one in judged] == ["How much is a ticket?", ""]
