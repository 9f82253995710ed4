"""Requests that name only another thing than the one before."""

from __future__ import annotations

import pytest

from prudent_agents.grounding.ellipsis import keeps_words, written_out


@pytest.mark.parametrize(
    ("text", "before", "whole"),
    [
        ("And in Lima?", "What is the weather in Rome?", "What is the weather in Lima?"),
        ("What about Omar Diaz?", "What is Ivy Chen's salary?", "What is Omar Diaz's salary?"),
        ("and in the kitchen?", "How warm is it in the attic?", "How warm is it in the kitchen?"),
        ("And on 2026-12-03?", "Am I free on 2026-12-01?", "Am I free on 2026-12-03?"),
        ("And to Rome?", "What does a flight from Paris to Oslo cost?", None),
        ("And on 4 May?", "What is there on 3 May?", "What is there on 4 May?"),
    ],
)
def test_the_thing_takes_the_place_of_the_one_that_looks_like_it(
    text: str, before: str, whole: str | None
) -> None:
    assert written_out(text, before) == (whole or before.replace("Oslo", "Rome"))


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("And Lima?", "What does a flight from Paris to Oslo cost?"),
        ("And why?", "Is it warm in Rome?"),
        ("And how warm is it?", "Is it nice in Rome?"),
        ("And Oslo?", "How warm is it in the attic?"),
        ("And then send it to Ann.", "Who is Bob?"),
        ("Lima.", "What is the weather in Rome?"),
    ],
)
def test_what_cannot_be_told_is_left(text: str, before: str) -> None:
    assert written_out(text, before) is None


def test_what_was_said_is_kept() -> None:
    assert keeps_words("How many vacation days does Omar have?", "Omar?")
    assert not keeps_words("How many vacation days does Ivy have?", "Omar?")
    assert not keeps_words("牛奶的库存？", "苹果的")
