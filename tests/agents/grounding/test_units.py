"""Numbers with the word for what they count."""

from __future__ import annotations

import pytest

from prudent_agents import tool
from prudent_agents.grounding.units import counted_as, counts_others
from prudent_agents.grounding.unsaid import unsaid
from prudent_agents.planning.proposing import corrected


@tool(effect="write")
def book(room: str, day: str, hours: int) -> str:
    """Book a meeting place."""
    return f"{room} {day} {hours}"


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("hours", "Book it on 5 December 2026 for 3 hours.", 3),
        ("duration_hours", "for three hours", 3),
        ("minutes", "for 3 hours", None),
        ("hours", "from 3 hours to 5 hours", None),
        ("quantity", "Order 3 chairs.", None),
        ("price", "at 2.50 price", 2.5),
        ("days", "on 2026-12-05 days", None),
    ],
)
def test_a_number_goes_with_its_word(name: str, text: str, number: float | None) -> None:
    assert counted_as(name, text) == number


def test_a_year_is_no_number_of_hours() -> None:
    goal = "Book Green on 2026-12-05 for 2 hours."
    call = corrected(book, {"room": "Green", "day": "2026-12-05", "hours": 2026}, goal, goal)
    assert call["hours"] == 2
    assert unsaid(book, call, goal) is None


def test_what_counts_people_is_the_name_of_nothing() -> None:
    goal = "Book a room for 10 people on 2026-12-05 for 2 hours."
    assert counts_others("10", "room", goal)
    assert not counts_others("10", "room", "Book room 10 for Ann.")
    assert not counts_others("10", "room", "Book 10 for 10 people.")
    assert not counts_others("B-77", "room", "Cancel booking B-77 now.")
    assert unsaid(book, {"room": "10", "day": "2026-12-05", "hours": 2}, goal) == "room"
