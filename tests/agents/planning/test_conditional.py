"""Sentences with a condition are taken apart; those that only look like one are left alone."""

from __future__ import annotations

import time

import pytest

from prudent_agents.planning.conditional import Conditional, pieces_of


@pytest.mark.parametrize(
    ("goal", "action", "condition", "negated"),
    [
        ("If fewer than 5 are left, order 10 more.", "order 10 more", "fewer than 5 are left", False),
        ("Order 10 chairs if fewer than 5 are left.", "Order 10 chairs", "fewer than 5 are left", False),
        ("Unless it rains, send Tom 'Picnic'.", "send Tom 'Picnic'", "it rains", True),
        ("如果北京低于10度，就把暖气调到22度。", "把暖气调到22度", "北京低于10度", False),
        (
            "Note that the lamp is sold out, if it is.",
            "Note that the lamp is sold out",
            "the lamp is sold out",
            False,
        ),
    ],
)
def test_conditions_are_found(goal: str, action: str, condition: str, negated: bool) -> None:
    assert pieces_of(goal) == [Conditional(action, condition, negated)]


@pytest.mark.parametrize(
    "goal",
    [
        "Check if the shop is open.",
        "Tell me if it rains.",
        "What if it rains?",
        "If possible, book a table.",
        "Send Tom 'Come if you like.'",
        'Write "Hi. If it rains, stay." to Ann.',
        "How warm is it in Oslo?",
    ],
)
def test_other_sentences_are_left_alone(goal: str) -> None:
    assert pieces_of(goal) == [goal]


def test_the_rest_of_a_goal_keeps_its_place() -> None:
    before, one, after = pieces_of("Read the meter. Add it up. If it is above 5, warn Ann. Then stop.")
    assert (before, after) == ("Read the meter. Add it up.", "Then stop.")
    assert isinstance(one, Conditional)
    assert one.action == "warn Ann"


@pytest.mark.parametrize(("said", "known"), [("yes", True), ("No.", False), ("是的", True), ("没有", False)])
def test_what_the_user_answers_belongs_to_the_condition(said: str, known: bool) -> None:
    goal = "If the road is closed, call Ann."
    (asked,) = pieces_of(goal)
    assert isinstance(asked, Conditional)
    (answered,) = pieces_of(f"{goal}\n{asked.question} {said}")
    assert isinstance(answered, Conditional)
    assert answered.known is known


@pytest.mark.parametrize("piece", ["if ", "a if, ", "If a. ", "'", "if x, ", "如果"])
def test_long_goals_take_time_in_proportion(piece: str) -> None:
    began = time.perf_counter()
    pieces_of(piece * (50_000 // len(piece)))
    assert time.perf_counter() - began < 5
