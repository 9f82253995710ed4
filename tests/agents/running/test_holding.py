"""Whether a condition holds is told by what was read: numbers are compared exactly, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.running.holding import told
from prudent_agents.values import JSON


@pytest.mark.parametrize(
    ("condition", "data", "holds"),
    [
        ("there are fewer than 5 oak tables in stock", 4, True),
        ("fewer than 5 are in stock", 11, False),
        ("fewer than five are in stock", 5, False),
        ("the price is at most 20 euros", 20.0, True),
        ("北京低于10度", {"degrees": 9, "sky": "雾"}, True),
        ("the wind is above 5", {"degrees": 9, "wind": 3}, False),
        ("it is above 5", {"degrees": 9, "wind": 3}, None),
        ("the desk lamp is sold out", 0, True),
        ("they are not in stock", 0, True),
        ("台灯售罄", 3, False),
        ("the sandwich is available", {"available": False}, False),
        ("the invoice is paid", {"invoice": "A-13", "paid": False}, False),
        ("the invoice is not paid", {"invoice": "A-13", "paid": False}, True),
        ("it rains in Oslo", {"city": "Oslo", "sky": "rain"}, True),
        ("it rains in Oslo", {"city": "Oslo", "sky": "no rain"}, False),
        ("it rains in Oslo", {"city": "Oslo", "sky": "sun"}, None),
        ("上海有雾", {"sky": "雾"}, True),
        ("the shop is open", {"note": "Once it was open late, but that is long ago."}, None),
        ("the shop is open", [], None),
        ("the stock is not below 5", 4, None),
        ("it is at least 5 degrees or warmer", 6, None),
        ("库存不低于5", 4, False),
        ("it rains in Oslo and the stock is below 5", {"degrees": 3, "sky": "sun"}, None),
        ("it is 5 or more", 5, True),
    ],
)
def test_what_was_read_decides(condition: str, data: JSON, holds: bool | None) -> None:
    assert told(condition, data, ["Oslo"]) is holds


@given(st.floats(-1e6, 1e6), st.integers(0, 1_000))
def test_a_comparison_is_exact(value: float, limit: int) -> None:
    assert told(f"it is below {limit}", {"value": value}) is (value < limit)
