"""What is said of results exactly: counts, lists, the most, sums, averages, and texts as they are."""

from __future__ import annotations

from typing import Any

import pytest

from prudent.types.content import Source
from prudent_agents.running.totting import (
    Listed,
    averaged,
    best,
    counted,
    each_read,
    enumerated,
    narrowed,
    only_list,
    total,
    whole_text,
    worked_out,
)
from prudent_agents.values import Value

ROOMS = [
    {"room": "Blue", "seats": 6, "price": 40},
    {"room": "Green", "seats": 12, "price": 75},
    {"room": "Red", "seats": 20, "price": 120},
]
INVOICES = [{"no": "I-9", "amount": 120.5}, {"no": "I-12", "amount": 40.0}]


def _known(*results: Any, source: Source = Source.TOOL) -> list[tuple[str, Value, Source]]:
    return [(f"s{at}", Value(data=one), source) for at, one in enumerate(results)]


def _listed(*results: Any) -> Listed:
    found = only_list(_known(*results))
    assert found is not None
    return found


def test_the_only_list_is_found_beside_single_values_and_in_a_record() -> None:
    assert _listed({"id": "C17"}, INVOICES).items == INVOICES
    assert _listed({"entries": ["a"], "more": False}).items == ["a"]
    assert only_list(_known(["a"], ["b"])) is None
    assert only_list(_known({"a": [1], "b": [2]})) is None
    assert only_list(_known([{"number": 1, "text": "a passage"}])) is None, "passages are read, not counted"
    assert only_list(_known(3, "text")) is None


def test_a_list_that_was_read_is_counted() -> None:
    found = counted("How many events are there on 2026-12-01?", _listed(["a", "b"]))
    assert found is not None
    assert found[1].data == 2
    assert counted("今天有几个会议?", _listed([])) is not None
    assert counted("What is there?", _listed(["a", "b"])) is None


@pytest.mark.parametrize(
    ("goal", "result", "said"),
    [
        ("What do I have on 1 December 2026?", ["9:00 dentist", "14:00 tea"], "9:00 dentist; 14:00 tea."),
        ("What is on my calendar tomorrow?", [], "Nothing."),
        ("我明天有什么安排?", ["开会", "看牙"], "开会；看牙。"),
        ("我明天有什么安排?", [], "没有。"),
        ("List the invoices.", INVOICES, "I-9 (amount 120.5); I-12 (amount 40.0)."),
        ("Which rooms are free?", ROOMS[:1], "Blue (seats 6, price 40)."),
        ("Which of them is the earliest?", ["09:00 dentist"], None),
        ("What do I have?", [{"time": {"from": 9, "to": [1, 2]}}] * 20, None),
        ("What do I have?", ["x"] * 13, None),
        ("What do I have?", ["x" * 200], None),
    ],
)
def test_no_item_of_a_list_that_was_asked_for_is_left_out(goal: str, result: Any, said: str | None) -> None:
    assert enumerated(goal, _listed(result)) == said


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("Which room is the cheapest?", "Blue (price 40)."),
        ("Which room is the most expensive?", "Red (price 120)."),
        ("哪个房间最便宜?", "Blue（price 40）。"),
        ("Which room has the most seats?", "Red (seats 20)."),
        ("Which room is cheaper than 50?", None),
        ("Which room is the nicest?", None),
        ("Book the cheapest room.", None),
    ],
)
def test_the_most_and_the_least_are_of_what_the_goal_speaks_of(goal: str, said: str | None) -> None:
    assert best(goal, _listed(ROOMS)) == said


def test_of_equals_none_is_the_best() -> None:
    assert best("Which room is the cheapest?", _listed([ROOMS[0], {**ROOMS[1], "price": 40}])) is None


def test_amounts_are_summed_and_numbers_that_are_names_are_not() -> None:
    found = total("What is the total of Miller's open invoices?", _listed({"id": "C17"}, INVOICES))
    assert found is not None
    assert found[1].data == 160.5
    ids = [{"customer_id": 5, "amount": 2}, {"customer_id": 7, "amount": 3}]
    found = total("总额是多少?", _listed(ids))
    assert found is not None
    assert found[1].data == 5
    assert total("What is the total of 3 of each?", _listed(INVOICES)) is None, "more is to be done with it"
    assert total("What is the total?", _listed(ROOMS)) is None, "seats or prices"
    assert total("What is the total?", _listed(["a"])) is None


def test_records_that_the_goal_names_are_what_is_asked_about() -> None:
    goal = "How much does the Red room cost for 3 hours?"
    assert narrowed(goal, _known(ROOMS))[0][1].data == ROOMS[2]
    assert narrowed("Compare Red and Blue.", _known(ROOMS))[0][1].data == [ROOMS[0], ROOMS[2]]
    assert narrowed("How much does a room cost?", _known(ROOMS))[0][1].data == ROOMS
    assert narrowed(goal, _known("Red", 3))[0][1].data == "Red"


def test_what_was_read_of_each_thing_is_told_of_each() -> None:
    pump, valve = {"pressure": 3.2, "temperature": 61}, {"pressure": 2.9, "temperature": 40}
    said = each_read("Read all sensors.", _known(pump, valve))
    assert said == "s0: pressure 3.2, temperature 61.\ns1: pressure 2.9, temperature 40.\n"
    assert each_read("Which sensor is hotter?", _known(pump, valve)) is None
    assert each_read("Read all sensors and give the total.", _known(pump, valve)) is None
    assert each_read("Read the sensor.", _known(pump)) is None
    assert each_read("查一下车次", _known([{"a": 1}], [{"b": 2}])) is None


def test_a_text_is_given_as_it_is_where_that_is_asked_for() -> None:
    text = "Milk, bread and eggs.\n"
    for goal in ("What does notes.txt say?", "Read notes.txt.", "Show me notes.txt", "notes.txt里写了什么?"):
        assert whole_text(goal, _known(text)) == text.strip()
    for goal in (
        "What does notes.txt say about milk?",
        "When must I buy milk?",
        "Read notes.txt and sum it up.",
    ):
        assert whole_text(goal, _known(text)) is None
    assert whole_text("Read notes.txt.", _known("x" * 5_000)) is None


def test_an_average_is_worked_out() -> None:
    found = averaged("What is the average temperature of the attic and the cellar?", _known(17.5, 12))
    assert found is not None
    assert found[1].data == 14.75
    assert averaged("平均多少度?", _known(1, 2, 3)) is not None
    assert averaged("What is the total?", _known(1, 2)) is None
    assert averaged("What is the average?", _known(1, "two")) is None
    assert averaged("What is the average?", _known(4)) is None


def test_a_typed_answer_is_taken_from_the_record_that_is_meant() -> None:
    flights = [{"number": "A1", "price": 180}, {"number": "B2", "price": 140}, {"number": "C3", "price": 210}]
    assert [one.data for _, one, _ in worked_out("What is the cheapest flight?", _known(flights))] == [
        {"number": "B2", "price": 140}
    ]
    every = worked_out("What is the total price of the flights?", _known(flights))
    assert [one.data for _, one, _ in every] == [flights, 530]
    assert worked_out("Which flights are there?", _known(flights)) == _known(flights)


CLAIMS = [
    {"employee": "Maria", "euros": 120.5, "for": "train"},
    {"employee": "Kim", "euros": 89.0, "for": "hotel"},
    {"employee": "Maria", "euros": 40.0, "for": "meals"},
]


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("How much did Maria spend in November 2026?", 160.5),
        ("What are the claims of Maria in total?", 160.5),
        ("What are the claims of November 2026 in total?", 249.5),
        ("Maria花了多少钱？", 160.5),
        ("How much is the highest claim of Maria?", None),
        ("Who claimed money?", None),
    ],
)
def test_amounts_are_summed_over_the_records_that_are_named(goal: str, expected: float | None) -> None:
    found = total(goal, _listed(CLAIMS))
    assert (None if found is None else found[1].data) == expected


def test_everybody_who_is_somewhere_is_named() -> None:
    assert enumerated("Who is away on 24 December 2026?", _listed(["Maria", "Kim"])) == "Maria; Kim."
    assert enumerated("24号谁请假了？", _listed(["张伟", "李娜"])) == "张伟；李娜。"
    assert enumerated("Who is Maria?", _listed([])) is None
    assert enumerated("张伟的上级是谁？", _listed(["李娜", "王强"])) is None
