"""Whether a condition holds is told by what was read: numbers are compared exactly, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.running.holding import agrees, statement, told, whether
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


@pytest.mark.parametrize(
    ("question", "data", "named", "answer"),
    [
        ("Is Emma available?", {"title": "Emma", "status": "lent", "copies": 0}, ["Emma"], False),
        ("Is Emma available? If not, tell Lena.", {"copies": 0}, ["Emma"], False),
        ("Are there any lamps left?", {"article": "lamp", "quantity": 0}, ["lamp"], False),
        ("Is it raining in Bergen?", {"city": "Bergen", "sky": "rain"}, ["Bergen"], True),
        ("Are there more than 10 chairs?", {"article": "chair", "quantity": 12}, ["chair"], True),
        ("Is the desk out of stock?", {"quantity": 4}, ["desk"], False),
        ("三体有没有货？", {"copies": 2}, ["三体"], True),
        ("台灯还有货吗？", {"quantity": 0}, ["台灯"], False),
        ("星期天店开门吗？", {"day": "星期天", "open": False}, ["星期天"], None),
        ("How many lamps are left?", {"quantity": 0}, ["lamp"], None),
        ("Is it rain or snow in Oslo?", {"sky": "rain"}, ["Oslo"], None),
        ("台灯和书桌哪个还有货？", {"quantity": 0}, ["台灯"], None),
    ],
)
def test_questions_for_yes_or_no_are_answered_by_what_was_read(
    question: str, data: JSON, named: list[str], answer: bool | None
) -> None:
    assert whether(question, data, named) is answer


@pytest.mark.parametrize(
    ("condition", "named", "holds", "said"),
    [
        ("Is Emma available", ["Emma"], False, "Emma is not available."),
        ("Is Ann's office free?", ["Ann"], True, "Ann's office is free."),
        ("Are there any lamps left", [], False, "There are no lamps left."),
        ("are there enough chairs", [], True, "There are chairs."),
        ("it rains in Bergen", ["Bergen"], True, "It rains in Bergen."),
        ("it rains in Bergen", ["Bergen"], False, "It rains in Bergen: no."),
        ("台灯还有货吗？", ["台灯"], False, "台灯还有货吗：否。"),
    ],
)
def test_what_is_so_is_said_in_a_sentence(condition: str, named: list[str], holds: bool, said: str) -> None:
    assert statement(condition, named, holds=holds) == said


@pytest.mark.parametrize(
    ("answer", "yes", "agreeing"),
    [
        ("No, it is not.", False, True),
        ("Yes, it is.", False, False),
        ("It is raining.", True, False),
        ("没有货了。", False, True),
        ("台灯没有货。", False, True),
        ("台灯有货。", True, True),
        ("不开门。", True, False),
    ],
)
def test_an_answer_agrees_or_does_not(answer: str, yes: bool, agreeing: bool) -> None:
    assert agrees(answer, yes=yes) is agreeing
