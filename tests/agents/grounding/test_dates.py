"""Dates in words, as tools take them."""

from __future__ import annotations

import datetime

import pytest

from prudent_agents import tool
from prudent_agents.grounding.dates import dates
from prudent_agents.planning.proposing import corrected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on 1 December 2026", ["2026-12-01"]),
        ("Dec 3rd, 2026 or 5th of May 2027", ["2026-12-03", "2027-05-05"]),
        ("2026年3月9日和2026-03-09", ["2026-03-09"]),
        ("2026-02-30, 31 April 2026, May 2026, 12 2026", []),
        ("in Sept. 2, 2026", ["2026-09-02"]),
        ("build 12026-12-011", []),
    ],
)
def test_whole_dates_are_found_and_days_that_are_none_are_not(text: str, expected: list[str]) -> None:
    assert dates(text) == expected


def test_a_date_that_a_model_garbles_is_the_one_that_was_said() -> None:
    @tool
    def events(day: datetime.date) -> list[str]:
        """The events of a day."""
        return [str(day)]

    goal = "What do I have on 1 December 2026?"
    assert corrected(events, {"day": "1226-12-01"}, goal, goal) == {"day": "2026-12-01"}
    assert corrected(events, {"day": "2026-12-01"}, goal, goal) == {"day": "2026-12-01"}
    two = "Am I free on 1 December 2026 or on 2 December 2026?"
    assert corrected(events, {"day": "1226-12-01"}, two, two) == {"day": "1226-12-01"}, "it may be either"
