"""Facts that a model filled in: copied or computed from what is known, or else replaced by it."""

from __future__ import annotations

from typing import Any

import pytest

from prudent_agents.grounding.filled import candidates, nobody_said

CLOCK = {"date": "2026-03-09", "weekday": "Monday", "time": "14:30"}


@pytest.mark.parametrize(
    ("value", "goal", "known", "instead"),
    [
        ("2023-04-15", "Add the dentist today.", [CLOCK], ["2026-03-09"]),
        ("2026-03-09", "Add the dentist today.", [CLOCK], []),
        ("2026-03-10", "Add the dentist tomorrow.", [CLOCK], []),
        ("2023-04-15", "Add the dentist on 2023-04-15.", [CLOCK], []),
        (10, "Set it to the temperature outside.", [{"celsius": 24}], [24]),
        (19.5, "Raise it by 2 degrees.", [17.5], []),
        ([1], "Anything.", [17.5], []),
        ("[EMAIL_1]", "Write to Ana.", ["ana@example.org"], ["ana@example.org"]),
        (10, "Anything.", ["no number here"], []),
        (98.7, "Pay the bill.", ["Total: 98.70 EUR", {"id": 6}], []),
        (1200, "Adjust the rent.", ["It is increased by 100.00.", {"id": 6, "rent": 1100.0}], []),
        (1300, "Adjust the rent.", ["It is increased by 100.00.", {"id": 6, "rent": 1100.0}], [6, 1100.0]),
        ("a title", "Anything.", [CLOCK], []),
        (7, "Anything.", [3, [20, {"a": 20}]], [3, 20]),
    ],
)
def test_what_may_stand_in_the_place_of_a_made_up_fact(
    value: Any, goal: str, known: list[Any], instead: list[Any]
) -> None:
    assert candidates(value, goal, known) == instead


@pytest.mark.parametrize(
    ("value", "goal", "known", "made_up"),
    [
        ("2023-04-15", "Tell Maria to bring a coat below 10 degrees.", [{"celsius": 9}], True),
        ("14:00:00", "Tell Maria to bring a coat.", [9], True),
        ("2026-12-01", "Add it on December 1, 2026.", [], False),
        ("2026-12-01 10:00", "加到2026年12月1日10:00的日历", [], False),
        ("2026-03-10", "Add it tomorrow.", ["2026-03-09"], False),
        ("a@b.example", "Write to Ann.", ["ann@x.example"], False),
        ("a coat", "Tell Maria.", [], False),
        (7, "Tell Maria.", [], False),
    ],
)
def test_a_date_of_which_nothing_like_it_is_known(
    value: Any, goal: str, known: list[Any], made_up: bool
) -> None:
    assert nobody_said(value, goal, known) is made_up
