"""Answers are judged sentence by sentence: held where the policy may act, the same however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_check import WordCheck

from prudent.types.content import Source
from prudent.types.safety import Action, CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Unit
from prudent_responsible_ai.gate import OutputGate
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import OnFailure, Policy, Rule, StreamingMode
from prudent_responsible_ai.sentences import LATER_SHORTEST, LONGEST_SENTENCE, sentence_end

WORDS = [
    "storm",
    "rain",
    "Sun.",
    "wind!",
    "fog?",
    "3.14",
    "e.g. ice",
    "雨。",
    "晴れ",
    "\n",
    " ",
    "mist ",
    "rust ",
]
SECOND = "Then there is a second one, which goes on for a while before it ends."
texts = st.lists(st.sampled_from([*WORDS, " ", " "]), max_size=40).map("".join)
cuts = st.lists(st.integers(min_value=1, max_value=30), max_size=60)


def pipeline(
    action: Action, *, on_error: OnFailure = OnFailure.ALLOW, mode: StreamingMode = StreamingMode.HOLD
) -> Pipeline:
    """Sentences with the word storm get the action; the single word rust is redacted."""
    rules = [
        Rule(check="storm", action=action, on_error=on_error),
        Rule(check="rust", action=Action.REDACT),
    ]
    policy = Policy(name="weather", version="1", streaming=mode, rules={Source.ASSISTANT: rules})
    return Pipeline(policy, [WordCheck("storm", Unit.SENTENCE), WordCheck("rust")])


def chunked(text: str, sizes: list[int]) -> list[str]:
    chunks: list[str] = []
    for size in [*sizes, len(text)]:
        chunks.append(text[:size])
        text = text[size:]
    return chunks


def run(gate: OutputGate, chunks: list[str]) -> tuple[str, bool, object]:
    out = "".join([*(gate.feed(chunk).text for chunk in chunks), gate.finish().text])
    return out, gate.blocked, {k: v.model_dump(exclude={"milliseconds"}) for k, v in gate.results.items()}


@pytest.mark.parametrize("action", [Action.ANNOTATE, Action.REDACT, Action.BLOCK])
@settings(max_examples=150, deadline=None)
@given(text=texts, sizes=cuts)
def test_any_chunking_gives_the_same(action: Action, text: str, sizes: list[int]) -> None:
    judge = pipeline(action)
    assert run(judge.open_gate(), chunked(text, sizes)) == run(judge.open_gate(), [text])


def test_a_blocked_sentence_never_begins_and_what_was_before_it_is_whole() -> None:
    text = "The day was fair and warm. Then a storm came over us all. It was bad."
    out, blocked, _ = run(pipeline(Action.BLOCK).open_gate(), list(text))
    assert (out, blocked) == ("The day was fair and warm.", True)


def test_a_redacted_word_of_a_sentence_is_named_and_the_rest_stays() -> None:
    out, blocked, _ = run(
        pipeline(Action.REDACT).open_gate(), list("There is a storm and rust here, my friend. Fine.")
    )
    assert (out, blocked) == ("There is a [STORM_1] and [RUST_1] here, my friend. Fine.", False)


def test_what_is_only_reported_is_not_held() -> None:
    gate = pipeline(Action.ANNOTATE).open_gate()
    assert gate.feed("a storm is near ").text == "a storm is near "
    gate.finish()
    assert gate.results["storm"].detected
    held = pipeline(Action.ANNOTATE, on_error=OnFailure.BLOCK).open_gate()
    assert held.feed("a storm is near ").text == ""


def test_without_holding_a_stern_rule_reports() -> None:
    gate = pipeline(Action.BLOCK, mode=StreamingMode.OFF).open_gate()
    assert run(gate, ["A storm is near, they say. Yes."])[:2] == ("A storm is near, they say. Yes.", False)
    assert gate.results["storm"].action is Action.ANNOTATE


def test_each_sentence_is_judged_once_with_those_before_it() -> None:
    check = WordCheck("storm", Unit.SENTENCE)
    policy = Policy(
        name="w", version="1", rules={Source.ASSISTANT: [Rule(check="storm", action=Action.BLOCK)]}
    )
    run(
        Pipeline(policy, [check]).open_gate(),
        list(f"The first sentence is here. {SECOND} Then there is a third one. End."),
    )
    assert check.seen == ["The first sentence is here.", f" {SECOND}", " Then there is a third one. End."]


def test_a_list_of_short_lines_is_read_in_few_passes_and_its_first_line_at_once() -> None:
    check = WordCheck("storm", Unit.SENTENCE)
    rules = {Source.ASSISTANT: [Rule(check="storm", action=Action.BLOCK)]}
    gate = Pipeline(Policy(name="w", version="1", rules=rules), [check]).open_gate()
    text = "".join(f"- Take the item {number}.\n" for number in range(20))
    assert gate.feed("- Take the item 0.\n- T").text == "- Take the item "
    run(gate, list(text.removeprefix("- Take the item 0.\n- T")))
    assert len(check.seen) <= 2 + len(text) / LATER_SHORTEST


def test_a_judge_that_fails_stops_the_answer_where_the_policy_says_so() -> None:
    class Broken(WordCheck):
        def check(self, text: str, context: CheckContext) -> list[Finding]:
            raise MemoryError

    for on_error, blocked in ((OnFailure.BLOCK, True), (OnFailure.ALLOW, False)):
        rules = [Rule(check="storm", action=Action.BLOCK, on_error=on_error)]
        policy = Policy(name="w", version="1", rules={Source.ASSISTANT: rules})
        gate = Pipeline(policy, [Broken("storm", Unit.SENTENCE)]).open_gate()
        out, was_blocked, _ = run(gate, ["Nothing of this may go out unchecked. At all."])
        assert was_blocked is blocked
        assert gate.results["storm"].state is CheckState.ERROR
        assert (out == "") is blocked


@given(text=texts)
def test_sentences_are_bounded_and_whole(text: str) -> None:
    text = text * 8
    start = 0
    while (end := sentence_end(text, start, final=True)) is not None:
        assert start < end <= start + LONGEST_SENTENCE
        start = end
    assert start == len(text)


def test_a_number_or_an_abbreviation_inside_a_word_does_not_end_a_sentence() -> None:
    text = "The number pi is about 3.14159 and that is all. Next"
    assert text[: sentence_end(text, 0, final=False)] == "The number pi is about 3.14159 and that is all."
    assert sentence_end("No end yet, not even one.", 0, final=False) is None


@pytest.mark.parametrize("unit", list(Unit))
def test_a_rewrite_puts_the_policys_words_in_place_in_requests_and_answers(unit: Unit) -> None:
    rule = Rule(check="storm", action=Action.REWRITE, text="(weather)")
    policy = Policy(name="w", version="1", rules={Source.USER: [rule], Source.ASSISTANT: [rule]})
    judge = Pipeline(policy, [WordCheck("storm", unit)])
    review = judge.review([Part("a storm is near", Source.USER)])
    assert (review.parts[0].text, review.blocked) == ("a (weather) is near", False)
    out, _, _ = run(judge.open_gate(review), list("Yes, a storm is coming to us now. Stay in."))
    assert out == "Yes, a (weather) is coming to us now. Stay in."
