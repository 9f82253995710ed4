"""Whether a text says a value, also in other words: numbers, dates and times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.grounding.facts import numbers, stated
from prudent_agents.values import JSON


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        (3, "A tent for three nights.", True),
        (3, "停车三晚一共多少元？", True),
        (12, "Half a dozen or twelve?", True),
        (4, "A tent for three nights.", False),
        ("2026-01", "What did I pay in January 2026?", True),
        ("2026-03-12", "我2026年3月12日的日程", True),
        ("2026-03-12", "On March 13, 2026.", False),
        ("2026-03-12", "On 12.3.2026.", True),
        ("17:00", "At 5 pm, please.", True),
        ("17:00", "At 5, please.", False),
        ("15:30", "下午3点30分", True),
    ],
)
def test_stated(value: JSON, text: str, said: bool) -> None:
    assert stated(value, text) is said


@given(st.text() | st.sampled_from(("The cheap ones.", "Tens of threes, ONEs", "1.2.3 or more")))
def test_any_text_has_numbers_or_none(text: str) -> None:
    for one in numbers(text):
        float(one)


def test_words_that_end_in_a_number_say_none() -> None:
    assert numbers("If there are several, I prefer the most expensive ones of a 2-day trip.") == ["2"]
    assert numbers("3 pairs and two dozens") == ["3", "2", "2", "12"]


@given(st.integers(0, 10**9))
def test_a_number_in_digits_is_read_as_it_is(value: int) -> None:
    assert numbers(f"There are {value} of them.") == [str(value)]
    assert stated(value, f"有{value}个")
