"""Numbers in words, against num2words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from prudent.capabilities.speaking.numbers import LARGEST, cardinal, digits, ordinal, year


def _american(words: str) -> str:
    return words.replace(" and ", " ").replace(",", "")


@given(st.integers(-LARGEST, LARGEST) | st.integers(-2000, 2000))
def test_cardinals_are_num2words(number: int) -> None:
    assert cardinal(number) == _american(num2words(number))


@given(st.integers(0, 10**12) | st.integers(0, 2000))
def test_ordinals_are_num2words(number: int) -> None:
    assert ordinal(number) == _american(num2words(number, to="ordinal"))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1066, "ten sixty-six"),
        (1900, "nineteen hundred"),
        (1905, "nineteen oh five"),
        (1984, "nineteen eighty-four"),
        (2000, "two thousand"),
        (2006, "two thousand six"),
        (2026, "twenty twenty-six"),
        (476, "four hundred seventy-six"),
    ],
)
def test_years_are_said_in_pairs(number: int, said: str) -> None:
    assert year(number) == said


def test_what_has_no_name_is_said_digit_by_digit() -> None:
    assert cardinal(LARGEST + 1) == "one" + " zero" * 18
    assert digits("0-07") == "zero zero seven"
