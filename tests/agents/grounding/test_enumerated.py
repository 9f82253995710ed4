"""Items of one list in a text, in English and Chinese; no words that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_agents.grounding.enumerated import MOST_ITEMS, other_options, siblings


@pytest.mark.parametrize(
    ("value", "text", "others"),
    [
        ("Berlin", "Give me the temperatures in Berlin, Lisbon and Nairobi.", ["Lisbon", "Nairobi"]),
        ("Lisbon", "Compare Oslo and Lisbon.", ["Oslo"]),
        ("France", "Is it cheaper to ship 2 kg to France or to Japan?", ["Japan"]),
        ("Tom Becker", "Find the addresses of Tom Becker and Kim Olsen.", ["Kim Olsen"]),
        ("3", "Add up the totals of orders 3, 4 and 5.", ["4", "5"]),
        ("上海", "上海和北京现在的气温相差几度？", ["北京"]),
        ("上海", "上海、北京和广州的天气", ["北京", "广州"]),
        ("Oslo", "How warm is it in Oslo right now, in Fahrenheit?", []),
        ("attic", "The attic, and by how much?", []),
        ("厨房", "厨房今天用了多少电？换算成兆焦是多少？", []),
    ],
)
def test_the_other_items_of_the_list(value: str, text: str, others: list[str]) -> None:
    assert siblings(value, text) == others


def test_options_that_a_text_names() -> None:
    text = "Which used more, the Attic or the kitchen?"
    assert other_options("kitchen", ["attic", "kitchen", "office"], text) == ["attic"]


@given(st.text(max_size=20), st.text(max_size=200))
def test_whatever_the_text_items_stand_in_it_and_are_few(value: str, text: str) -> None:
    found = siblings(value, text)
    assert all(one in text and one != value for one in found)
    assert len(found) < MOST_ITEMS


@pytest.mark.parametrize(
    ("value", "text", "others"),
    [
        (
            "oak table",
            "What is the difference in price between an oak table and a pine chair?",
            ["pine chair"],
        ),
        ("pine chairs", "Are there more oak tables or pine chairs in stock?", ["oak tables"]),
        ("coffee", "Compare tea and coffee.", ["tea"]),
        ("sugar", "Is there sugar or not?", []),
        ("oak table", "Is a pine chair cheaper than an oak table?", ["pine chair"]),
        ("oak table", "Are there more pine chairs than oak tables?", []),
        ("桌子", "库存里桌子多还是椅子多？", ["椅子"]),
        ("Graz", "Is it warmer in Graz than in Oslo?", ["Oslo"]),
        ("oak table", "Measure the oak table and the height of it.", []),
        ("attic", "Is it warmer in the attic or in the kitchen?", ["kitchen"]),
        ("attic", "What is the average of the attic, the kitchen and the cellar?", ["kitchen", "cellar"]),
        ("kitchen", "How warm are the kitchen and the living room right now?", ["living room"]),
        ("attic", "Which are colder than 18: attic, kitchen, living room?", ["kitchen", "living room"]),
        ("attic", "Set the heating in the attic and tell me the time.", []),
        ("attic", "Heat the attic, and then the door is open.", []),
    ],
)
def test_things_in_small_letters_are_siblings_where_they_are_compared(
    value: str, text: str, others: list[str]
) -> None:
    assert siblings(value, text) == others
