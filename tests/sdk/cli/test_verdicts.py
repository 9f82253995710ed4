"""Verdicts in words."""

from __future__ import annotations

from prudent.cli.verdicts import checks_that_ran, findings
from prudent.types.chat import AssistantMessage, ChatCompletion, Choice
from prudent.types.content import Source
from prudent.types.safety import Action, CategoryVerdict, CheckState, PromptFilterResult, VerdictSpan

EMAIL = VerdictSpan(start=3, end=9, label="email")
NOTHING = CategoryVerdict(filtered=False, detected=False)


def completion(prompt: list[PromptFilterResult], answer: dict[str, CategoryVerdict]) -> ChatCompletion:
    choice = Choice(
        index=0, message=AssistantMessage(content="Hi"), finish_reason="stop", content_filter_results=answer
    )
    return ChatCompletion(id="x", created=0, model="m", choices=[choice], prompt_filter_results=prompt)


def prompt(index: int, verdict: CategoryVerdict, source: Source = Source.USER) -> PromptFilterResult:
    return PromptFilterResult(
        prompt_index=index, source=source, content_filter_results={"personal_data": verdict}
    )


def test_nothing_found_is_nothing_said() -> None:
    assert findings(completion([prompt(0, NOTHING)], {"secrets": NOTHING})) == []


def test_a_finding_names_the_check_what_it_found_what_was_done_and_where() -> None:
    found = CategoryVerdict(
        filtered=False, detected=True, action=Action.REDACT, spans=[EMAIL, EMAIL], reason="2 addresses"
    )
    assert findings(completion([prompt(0, found)], {})) == [
        "personal_data: 2 x email redacted in the user's text (2 addresses)"
    ]


def test_words_that_carry_a_score_are_not_counted_as_findings() -> None:
    words = [VerdictSpan(start=start, end=start + 1, label="illicit") for start in range(3)]
    found = CategoryVerdict(
        filtered=False,
        detected=True,
        score=0.7,
        severity_level=5,
        action=Action.ANNOTATE,
        spans=words,
        reason="help asked for",
    )
    assert findings(completion([], {"illicit": found})) == [
        "illicit: noticed in the answer (help asked for; severity 5 of 7)"
    ]


def test_a_finding_in_the_answer_says_so() -> None:
    found = CategoryVerdict(filtered=True, detected=True, action=Action.BLOCK)
    assert findings(completion([], {"secrets": found})) == ["secrets: blocked in the answer"]


def test_a_failed_check_is_told() -> None:
    failed = CategoryVerdict(filtered=False, detected=False, state=CheckState.ERROR)
    assert findings(completion([], {"secrets": failed})) == ["secrets: the check failed on the answer"]


def test_findings_in_earlier_messages_are_not_repeated() -> None:
    found = CategoryVerdict(filtered=False, detected=True, action=Action.ANNOTATE)
    whole = completion([prompt(0, found), prompt(2, found, Source.DOCUMENT)], {})
    assert findings(whole, asked=2) == ["personal_data: noticed in the document's text"]


def test_checks_that_were_skipped_did_not_run() -> None:
    skipped = CategoryVerdict(filtered=False, detected=False, state=CheckState.SKIPPED)
    assert checks_that_ran(completion([prompt(0, NOTHING)], {"secrets": skipped})) == ["personal_data"]
