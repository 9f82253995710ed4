"""What a request speaks of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.capabilities.tools.grounding import Evidence


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("costs $2,500.50 or 1.5e3", {2500.5, 1500}),
        ("5,10 and 15", {5, 10, 15}),
        ("3.5 million people", {3500000}),
        ("$1.2M in 2020", {1200000, 2020}),
        ("a square of 5m", {5}),
        ("between -3 and (4)", {-3, 4}),
        ("twenty one or five hundred", {20, 21, 1, 5, 500}),
        ("compounded quarterly", {4}),
    ],
)
def test_numbers_are_read_as_they_are_meant(text: str, numbers: set[float]) -> None:
    assert set(Evidence(text).numbers_for("integer", "")) == numbers


def test_a_percentage_is_a_fraction_to_a_number_and_itself_to_an_integer() -> None:
    text = Evidence("at 7% a year")
    assert text.numbers_for("number", "the annual rate") == (0.07,)
    assert text.numbers_for("integer", "the annual rate") == (7.0,)
    assert set(text.numbers_for("number", "the rate in percent")) == {7.0, 0.07}


@pytest.mark.parametrize(
    ("value", "share"),
    [
        ("New York", 1.0),
        ("york, NEW", 1.0),
        ("New Jersey", 0.5),
        ("2023-06-01", 1.0),
        ("Tokyo", 0.0),
        ("", 0.0),
        (50, 1.0),
        (51, 0.0),
        (True, 0.0),
        (None, 0.0),
        (["New York", "Tokyo"], 0.5),
        ({"city": "New York", "days": [1, 50]}, 1.0),
    ],
)
def test_values_are_found_by_their_words_and_numbers(value: Any, share: float) -> None:
    text = Evidence("From New York on June 1st 2023 for at most $50.")
    assert text.grounded(value) == pytest.approx(share)


@pytest.mark.parametrize(
    ("value", "share"), [("北京", 1.0), ("雨", 1.0), ("北京市", 0.5), ("上海", 0.0), (15, 1.0), (16, 0.0)]
)
def test_chinese_is_compared_by_characters(value: Any, share: float) -> None:
    assert Evidence("明天北京会下雨吗？十五分钟后告诉我").grounded(value) == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "number"),
    [("十分钟", 10), ("三百二十", 320), ("两千五百元", 2500), ("二〇二六年", 2026), ("三万五千", 35000)],
)
def test_chinese_numbers_are_read(text: str, number: float) -> None:
    assert Evidence(text).numbers == {number}


def test_a_name_in_another_script_is_not_held_against_a_call() -> None:
    asked = Evidence("明天北京会下雨吗")
    assert not asked.could_tell("Beijing")
    assert asked.could_tell("上海")
    assert asked.could_tell(7)
    assert not asked.could_tell(True)
    assert Evidence("Will it rain in Peking").could_tell("Beijing")


@settings(deadline=None)
@given(st.text(), st.recursive(st.text() | st.floats(allow_nan=False) | st.booleans(), st.lists))
def test_any_text_and_value_have_a_share(text: str, value: Any) -> None:
    assert 0.0 <= Evidence(text).grounded(value) <= 1.0


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_every_whole_number_is_found_in_its_own_figures(number: int) -> None:
    assert Evidence(f"take {number} of them").grounded(number) == 1.0
    assert Evidence(f"take {number:,} of them").grounded(number) == 1.0
