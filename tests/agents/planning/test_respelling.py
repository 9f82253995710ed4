"""Other spellings of a name: as the request has it, one of several, singular, in the other case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.planning.respelling import in_words, pieces, respelt


@pytest.mark.parametrize(
    ("value", "request_", "meant"),
    [
        ("pine_chair", "What do 3 pine chairs cost?", "pine chair"),
        ("pine_chairs", "What do 3 pine chairs cost?", "pine chairs"),
        ("pine_chair", "What does pine_chair cost?", "pine_chair"),
        ("sku_table", "What do 3 pine chairs cost?", "sku_table"),
        ("A-17", "Where is A 17?", "A-17"),
    ],
)
def test_a_name_is_written_in_the_words_of_the_request(value: str, request_: str, meant: str) -> None:
    assert in_words(value, request_) == meant


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("oak tables or pine chairs", ["oak tables", "pine chairs"]),
        ("北京和上海", ["北京", "上海"]),
        ("oak tables", []),
        ("oak tables and sofas", []),
    ],
)
def test_several_things_in_one_value_are_told_apart(value: str, found: list[str]) -> None:
    assert pieces(value, "Are there more oak tables or pine chairs? 北京和上海呢?") == found


@pytest.mark.parametrize(
    ("value", "other"),
    [("pine chairs", "pine chair"), ("boxes", "box"), ("oslo", "Oslo"), ("Solaris", None), ("北京", None)],
)
def test_the_next_spelling(value: str, other: str | None) -> None:
    assert respelt(value) == other


@given(st.text(max_size=40))
def test_another_spelling_is_another_value(value: str) -> None:
    assert respelt(value) != value


def test_names_of_files_and_addresses_have_one_spelling() -> None:
    assert respelt("report.md") is None
    assert respelt("ann@example.org") is None
    assert respelt("chairs") == "chair"
