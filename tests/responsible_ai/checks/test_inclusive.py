"""Advice on wording: hard sentences, terms, images without alternative text. It never weighs more than 1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext, Finding
from prudent_responsible_ai.checks.inclusive import (
    ALTERNATIVE_TEXT,
    READING_LEVEL,
    TERMS,
    InclusiveCheck,
    InclusiveOptions,
)
from prudent_responsible_ai.checks.inclusive_terms import terms
from prudent_responsible_ai.reading_level import english_grade, longest_chinese_clause
from prudent_responsible_ai.text_view import Reading

HARD = (
    "Notwithstanding the aforementioned contractual considerations, the undersigned organisation respectfully"
    " acknowledges its unconditional responsibility for implementing comprehensive administrative procedures."
)
EASY = "The cat sat on the mat and the dog ran to the door, and then we all went out for a walk in the sun."


def _found(text: str, check: InclusiveCheck | None = None, start: int = 0) -> list[Finding]:
    reading = Reading(text, start)
    return (check or InclusiveCheck()).check(text, CheckContext(Source.ASSISTANT, reading))


def _cut(text: str, category: str) -> list[str]:
    found = [one for one in _found(text) if one.category == category]
    return [text[one.spans[0].start : one.spans[0].end] for one in found]


@pytest.mark.parametrize(
    ("text", "term", "instead"),
    [
        ("Add it to the blacklist.", "blacklist", "blocklist"),
        ("We whitelisted the host", "whitelisted", "allowlist"),
        ("The master/slave setup", "master/slave", "replica"),
        ("Hi guys, lunch?", "Hi guys", "everyone"),
        ("She is wheelchair-bound.", "wheelchair-bound", "wheelchair user"),
        ("The chairman spoke.", "chairman", "chair"),
        ("He committed suicide.", "committed suicide", "died by suicide"),
        ("the blind are welcome", "the blind", "blind people"),
        ("请把它加入黑名单。", "黑名单", "阻止名单"),
        ("他是聋子。", "聋子", "听障人士"),
    ],
)
def test_a_term_is_found_with_what_to_write_instead(text: str, term: str, instead: str) -> None:
    (found,) = [one for one in _found(text) if one.category == TERMS]
    assert text[found.spans[0].start : found.spans[0].end] == term
    assert found.reason is not None
    assert instead in found.reason


@pytest.mark.parametrize(
    "text",
    [
        "She has a master's degree and mastered the craft.",
        "The blind spot of the mirror",
        "Pull the blinds down, please.",
        "A black list of names? No: a black cat.".replace("black list", "long list"),
        "The guys next door are here.",
        "Manual work and women's rights",
        "这是一份名单。",
    ],
)
def test_proper_uses_of_the_same_words_pass(text: str) -> None:
    assert _cut(text, TERMS) == []


def test_every_term_has_a_pattern_that_matches_no_empty_text() -> None:
    assert len(terms()) > 60
    assert all(term.instead and not term.pattern.match("") for term in terms())


def test_hard_sentences_are_marked_and_easy_ones_are_not() -> None:
    assert _cut(f"{EASY} {HARD}", READING_LEVEL) == [HARD]
    lenient = InclusiveCheck(InclusiveOptions(grade=60.0))
    assert _found(HARD, lenient) == []


def test_grades_are_those_of_the_formula() -> None:
    # Six words of one syllable: 0.39 x 6 + 11.8 x 1 - 15.59.
    assert english_grade("The cat sat on the mat.") == pytest.approx(-1.45)
    assert english_grade("1234") is None


def test_a_long_chinese_clause_is_marked() -> None:
    clause = (
        "本公司在充分考虑上述各项合同条款以及相关法律法规的具体要求之后决定对现有的管理流程进行全面的调整"
    )
    assert longest_chinese_clause(clause) == len(clause)
    assert _cut(f"我们走吧。{clause}。", READING_LEVEL) == [f"{clause}。"]
    assert _cut("，".join([clause[:20], clause[20:40]]), READING_LEVEL) == []


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("See ![](plot.png).", ["![](plot.png)"]),
        ("See ![A falling line](plot.png).", []),
        ('<p><img src="a.png"></p>', ['<img src="a.png">']),
        ('<img src="a.png" alt="A cat">', []),
        ('<img src="line.png" alt="">', []),  # said to be decoration
        ('<img src="line.png" role="presentation">', []),
        ('<input type="text">', []),
        ('<input type="image" src="go.png">', ['<input type="image" src="go.png">']),
    ],
)
def test_images_without_alternative_text_are_found(text: str, images: list[str]) -> None:
    assert _cut(text, ALTERNATIVE_TEXT) == images


def test_nothing_before_the_new_text_is_reported_again() -> None:
    text = "Add it to the blacklist. Then go."
    assert _found(text, start=len("Add it to the blacklist.")) == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_findings_weigh_least_and_lie_in_the_text(text: str) -> None:
    for found in _found(text):
        assert found.severity == 1
        assert 0 <= found.spans[0].start < found.spans[0].end <= len(text)
