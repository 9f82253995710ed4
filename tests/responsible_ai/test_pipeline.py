"""Reviews, gates and verdicts under a policy: actions, placeholders, failing checks, modes."""

from __future__ import annotations

import logging
import time

import pytest

from prudent.types.content import Source
from prudent.types.safety import Action, CheckState
from prudent_responsible_ai import (
    CheckContext,
    Finding,
    Part,
    Pipeline,
    Policy,
    Span,
    build_pipeline,
    load_policy,
)
from prudent_responsible_ai.assemble import without_models
from prudent_responsible_ai.check import Unit
from prudent_responsible_ai.policy import OnFailure, OnUnverified, Rule, StreamingMode

CARD = "4111 1111 1111 1111"


class Scripted:
    """A check that does what a test needs."""

    id = "scripted"
    categories = ("scripted",)
    model_hash = None
    unit = Unit.WORD

    def __init__(self, *, essential: bool = True, state: CheckState = CheckState.CHECKED) -> None:
        self.essential = essential
        self.state = state

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        if "raise" in text:
            raise ValueError(f"secret content: {text}")
        if "slow" in text:
            time.sleep(0.02)
        at = text.find("bad", context.reading.start)
        if self.state is CheckState.UNVERIFIED:
            return [Finding("scripted", 0, state=self.state, reason="not measured on this language")]
        return [] if at < 0 else [Finding("scripted", 5, (Span(at, at + 3, "bad"),), "a bad word", score=0.9)]

    def warm_up(self) -> None: ...


def scripted(check: Scripted, *, budget_ms: float | None = None, **rule: object) -> Pipeline:
    rules = [Rule.model_validate({"check": "scripted", "action": Action.ANNOTATE, **rule})]
    sources = {Source.USER: rules, Source.ASSISTANT: rules}
    return Pipeline(Policy(name="test", version="1", budget_ms=budget_ms, rules=sources), [check])


@pytest.fixture(scope="module")
def strict() -> Pipeline:
    return build_pipeline(without_models(load_policy("strict")))


@pytest.fixture(scope="module")
def default() -> Pipeline:
    return build_pipeline(without_models(load_policy("default")))


def test_each_value_has_one_placeholder_across_parts_and_answer(strict: Pipeline) -> None:
    review = strict.review(
        [
            Part("Mail a@example.com or b@example.com", Source.USER, 0),
            Part("a@example.com, 138-0013-8000", Source.TOOL, 1),
        ]
    )
    assert [part.text for part in review.parts] == [
        "Mail [EMAIL_1] or [EMAIL_2]",
        "[EMAIL_1], [PHONE_1]",
    ]
    gate = strict.open_gate(review)
    text = gate.feed("B@example.com 13800138000 c@example.com").text + gate.finish().text
    assert text == "[EMAIL_2] [PHONE_1] [EMAIL_3]"


def test_a_placeholder_written_by_the_user_is_not_given_to_a_value(strict: Pipeline) -> None:
    review = strict.review([Part("[EMAIL_1] is not a@example.com", Source.USER)])
    assert review.parts[0].text == "[EMAIL_1] is not [EMAIL_2]"


def test_choices_number_independently(strict: Pipeline) -> None:
    review = strict.review([Part("hello", Source.USER)])
    first, second = strict.open_gate(review), strict.open_gate(review)
    first.feed("a@example.com ")
    assert second.feed("b@example.com ").text == "[EMAIL_1] "


def test_every_category_has_a_verdict_also_where_nothing_is_found(default: Pipeline) -> None:
    review = default.review([Part("Hello there.", Source.USER, 3, 2)])
    (result,) = review.results
    assert (result.prompt_index, result.part_index, result.source) == (3, 2, Source.USER)
    assert set(result.content_filter_results) == {"secrets", "pii", "control_characters"}
    assert not any(verdict.detected for verdict in result.content_filter_results.values())
    assert (review.action, review.blocked, review.reason) == (Action.ALLOW, False, None)


def test_a_verdict_says_what_where_why_and_by_which_rule(strict: Pipeline) -> None:
    text = f"pay with {CARD} now"
    verdict = strict.review([Part(text, Source.USER)]).results[0].content_filter_results["pii"]
    (span,) = verdict.spans
    assert (text[span.start : span.end], span.label) == (CARD, "payment_card")
    assert (verdict.severity, verdict.severity_level, verdict.threshold) == ("high", 6, 2)
    assert verdict.rule == "user.2.personal_data"
    assert verdict.reason == "a card number: issuer range and Luhn checksum"
    assert verdict.action is Action.REDACT
    assert not verdict.filtered


def test_a_block_names_its_reason_and_never_the_value(strict: Pipeline) -> None:
    review = strict.review([Part("password = hunter2A!x", Source.USER)])
    assert review.blocked
    assert review.reason == "secrets: a value given to a password"
    assert "hunter2A" not in repr(review.results)


def test_a_blocked_answer_releases_what_came_before_and_nothing_after(strict: Pipeline) -> None:
    gate = strict.open_gate()
    text = "The key is " + "AKIA" + "IOSFODNN7EXAMPLE, keep it."
    releases = [gate.feed(character) for character in text] + [gate.finish()]
    assert "".join(release.text for release in releases) == "The key is "
    assert gate.blocked
    assert gate.feed("more") == gate.finish()
    assert gate.results["secrets"].filtered
    assert gate.reason is not None


def test_default_lets_the_user_have_their_own_values_back(default: Pipeline) -> None:
    review = default.review([Part("I am bob@example.com, write my signature", Source.USER)])
    assert "bob@example.com" in review.parts[0].text
    gate = default.open_gate(review)
    assert gate.feed("bob@example.com and eve@example.com\n").text == "bob@example.com and [EMAIL_1]\n"


def test_values_of_untrusted_parts_are_not_given(default: Pipeline) -> None:
    review = default.review([Part("bob@example.com", Source.DOCUMENT)])
    assert default.open_gate(review).feed("bob@example.com\n").text == "[EMAIL_1]\n"


def test_invisible_characters_are_removed_and_control_tokens_reported(default: Pipeline) -> None:
    review = default.review([Part("hi\u200bdden <|im_start|> \U000e0041\U000e0042", Source.USER)])
    assert review.parts[0].text == "hidden <|im_start|> "


def test_pieces_add_up_to_what_came_in(default: Pipeline) -> None:
    gate = default.open_gate()
    text = "Mail bob@example.com today"
    releases = [gate.feed(text[at : at + 3]) for at in range(0, len(text), 3)] + [gate.finish()]
    pieces = [piece for release in releases for piece in release.pieces]
    assert sum(piece.consumed for piece in pieces) == len(text)
    assert "".join(piece.text for piece in pieces) == "Mail [EMAIL_1] today"
    assert "".join(piece.text for piece in pieces if not piece.altered) == "Mail  today"


def test_streaming_off_passes_at_once_and_reports_at_the_end() -> None:
    policy = load_policy("strict").model_copy(update={"streaming": StreamingMode.OFF})
    gate = build_pipeline(policy).open_gate()
    assert gate.feed("bob@exa").text == "bob@exa"
    assert gate.feed("mple.com AKIA" + "IOSFODNN7EXAMPLE").text.startswith("mple.com")
    gate.finish()
    assert not gate.blocked
    assert gate.action is Action.ANNOTATE
    assert gate.results["pii"].detected
    assert gate.results["secrets"].detected


def test_the_off_policy_checks_nothing_and_shows_it() -> None:
    pipeline = build_pipeline(load_policy("off"))
    review = pipeline.review([Part("bob@example.com", Source.USER)])
    assert review.results[0].content_filter_results == {}
    gate = pipeline.open_gate(review)
    assert gate.feed("bob@example.com").text == "bob@example.com"
    assert gate.results == {}


@pytest.mark.parametrize(("on_error", "blocked"), [(OnFailure.BLOCK, True), (OnFailure.ALLOW, False)])
def test_a_check_that_raises_follows_the_policy_and_leaks_nothing(
    on_error: OnFailure, blocked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = scripted(Scripted(), on_error=on_error)
    with caplog.at_level(logging.DEBUG):
        review = pipeline.review([Part("please raise", Source.USER)])
        gate = pipeline.open_gate()
        release = gate.feed("please raise now ")
    assert review.blocked is blocked
    assert review.results[0].content_filter_results["scripted"].state is CheckState.ERROR
    assert gate.blocked is blocked
    assert release.text == ("" if blocked else "please raise now ")
    assert "ValueError" in caplog.text
    assert "please" not in caplog.text


def test_checks_beyond_the_budget_are_skipped_unless_essential() -> None:
    parts = [Part("slow", Source.USER, 0), Part("slow too", Source.USER, 1)]
    states = [
        result.content_filter_results["scripted"].state
        for result in scripted(Scripted(essential=False), budget_ms=5, on_error=OnFailure.ALLOW)
        .review(parts)
        .results
    ]
    assert states == [CheckState.CHECKED, CheckState.SKIPPED]
    essential = scripted(Scripted(essential=True), budget_ms=5, on_error=OnFailure.ALLOW)
    needed = scripted(Scripted(essential=False), budget_ms=5, on_error=OnFailure.BLOCK)
    for review in (essential.review(parts), needed.review(parts)):
        assert all(
            one.content_filter_results["scripted"].state is CheckState.CHECKED for one in review.results
        )
        assert not review.blocked


@pytest.mark.parametrize(
    ("on_unverified", "action"),
    [
        (OnUnverified.ALLOW, Action.ALLOW),
        (OnUnverified.ANNOTATE, Action.ANNOTATE),
        (OnUnverified.BLOCK, Action.BLOCK),
    ],
)
def test_a_text_outside_what_was_measured_is_never_called_safe(
    on_unverified: OnUnverified, action: Action
) -> None:
    pipeline = scripted(Scripted(state=CheckState.UNVERIFIED), on_unverified=on_unverified)
    review = pipeline.review([Part("x", Source.USER)])
    verdict = review.results[0].content_filter_results["scripted"]
    assert (verdict.state, verdict.action, verdict.detected) == (CheckState.UNVERIFIED, action, False)


def test_findings_below_the_threshold_are_not_acted_on() -> None:
    pipeline = scripted(Scripted(), severity=6, action=Action.BLOCK)
    assert not pipeline.review([Part("bad", Source.USER)]).blocked
    assert scripted(Scripted(), severity=5, action=Action.BLOCK).review([Part("bad", Source.USER)]).blocked


HOSTILE = [
    "1",
    "@",
    "<|",
    "aB3/",
    "1 ",
    "4111 ",
    "a@",
    "+1",
    "eyJa.",
    "\u200b",
    "password=",
    "AB12 ",
    "(1",
    "中1",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_costs_time_in_proportion_to_its_length(strict: Pipeline, unit: str) -> None:
    strict.warm_up()

    def seconds(characters: int) -> float:
        text = (unit * characters)[:characters]
        started = time.process_time()
        strict.review([Part(text, Source.USER)])
        gate = strict.open_gate()
        gate.feed(text)
        gate.finish()
        return time.process_time() - started

    short, long = seconds(20_000), seconds(80_000)
    assert long < 12 * max(short, 0.02)


class TwoReasons:
    """Finds one thing by a rule and another by words that are decisive for it."""

    id = "two"
    categories = ("two",)
    essential = True
    model_hash = None
    unit = Unit.WORD

    def __init__(self, by_rule: int) -> None:
        self._by_rule = by_rule

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Both, the one by words with what proves it."""
        del context
        words = Span(0, 4, "two", decisive=True)
        proved = Finding("two", 6, (words,), counterfactual="0.1 without the decisive word")
        return [proved, Finding("two", self._by_rule, (Span(0, len(text), "two"),))]

    def warm_up(self) -> None:
        """Nothing to load."""


@pytest.mark.parametrize(("by_rule", "proved"), [(7, False), (4, False), (2, True)])
def test_words_are_decisive_only_where_nothing_else_is_acted_on(by_rule: int, proved: bool) -> None:
    rules = {Source.USER: [Rule(check="two", severity=4, action=Action.ANNOTATE)]}
    pipeline = Pipeline(Policy(name="x", version="1", rules=rules), [TwoReasons(by_rule)])
    review = pipeline.review([Part("some words", Source.USER)])
    told = review.results[0].content_filter_results["two"]
    assert (told.counterfactual is not None) is proved
    assert any(span.decisive for span in told.spans) is proved
