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
        ("If Ann, who leads sales, is away, ask Bob.", "ask Bob", "Ann, who leads sales, is away", False),
        ("If it rains,\ncall Ann.", "call Ann", "it rains", False),
        ("Call Ann if\x00it rains, please.", "Call Ann", "it rains", False),
        ("I\u200bf\x0bit rains, call Ann.", "call Ann", "it rains", False),
        ("If the guests' room is free, book it.", "book it", "the guests' room is free", False),
        ("Provided that it rains, call Ann.", "call Ann", "it rains", False),
        ("Heat the hall as long as it is below 5.", "Heat the hall", "it is below 5", False),
        ("Once the stock is below 5, order 10.", "order 10", "the stock is below 5", False),
        ("In case of rain, call Ann.", "call Ann", "rain", False),
        ("If it rains:\n- call Ann\n- heat the hall", "call Ann; heat the hall", "it rains", False),
        ("只要下雨，就给玛丽发短信。", "给玛丽发短信", "下雨", False),
        ("除非下雨，否则给玛丽发短信。", "给玛丽发短信", "下雨", True),
        ("要是库存低于5，订10把。", "订10把", "库存低于5", False),
        ("万一下雨，给玛丽发短信，告诉她带伞。", "给玛丽发短信，告诉她带伞", "下雨", False),
        ("下雨的话，给玛丽发短信。", "给玛丽发短信", "下雨", False),
        ("给玛丽发短信，如果下雨。", "给玛丽发短信", "下雨", False),
        ("当温度低于10度时，把暖气调高。", "把暖气调高", "温度低于10度", False),
    ],
)
def test_conditions_are_found(goal: str, action: str, condition: str, negated: bool) -> None:
    assert pieces_of(goal) == [Conditional(action, condition, negated)]


@pytest.mark.parametrize(
    ("goal", "actions"),
    [
        ("If there are 20 chairs, say so, otherwise order 15.", ["say so", "order 15"]),
        ("If the hall is cold, do nothing, otherwise heat it.", ["do nothing", "heat it"]),
    ],
)
def test_what_is_done_otherwise_is_done_under_the_condition_too(goal: str, actions: list[str]) -> None:
    found = [one for one in pieces_of(goal) if isinstance(one, Conditional)]
    assert [one.action for one in found] == actions
    assert [one.negated for one in found] == [False, True]
    assert len({one.condition for one in found}) == 1


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
        "Send Bob: 'call me if you are late'",
        "If a train does 60 km in an hour, how far does it go in 3?",
        "If you could call Ann, that would be great.",
        "Once you have read a.txt, save a summary.",
        "When is the shop open, and what is a ticket?",
        "Note the price once.",
        "给鲍勃发“如果晚了给我打电话”。",
        "主要是看天气，有若干人来。",
    ],
)
def test_other_sentences_are_left_alone(goal: str) -> None:
    assert pieces_of(goal) == [goal]


@pytest.mark.parametrize(
    "goal",
    [
        "If it rains call Ann",
        "If red, green or blue chairs are sold out, order 10.",
        "In Oslo, if it rains, call Ann.",
        "Call Ann if Bob, her boss, is away.",
        "Buy milk and if it rains buy an umbrella too",
        'Write "draft to x.txt if it rains.',
    ],
)
def test_a_condition_that_cannot_be_taken_apart_is_told(goal: str) -> None:
    assert pieces_of(goal) == [Conditional(goal.strip("."))]


@pytest.mark.parametrize(
    ("goal", "condition"),
    [
        ("If it rains, call Ann, otherwise call Tom.", "it rains"),
        ("Call Ann if it rains; otherwise call Tom.", "it rains"),
        ("If it rains, call Ann. Otherwise, call Tom.", "it rains"),
        ("Check whether it rains. If so, call Ann. If not, call Tom.", "it rains"),
        ("如果下雨，给玛丽发短信，否则给汤姆发短信。", "下雨"),
        ("查一下是否下雨，如果是，给玛丽发短信，否则给汤姆发短信。", "下雨"),
    ],
)
def test_what_is_to_be_done_else(goal: str, condition: str) -> None:
    made = [one for one in pieces_of(goal) if isinstance(one, Conditional)]
    assert [(one.condition, one.negated) for one in made] == [(condition, False), (condition, True)]
    assert any(name in made[1].action for name in ("Tom", "汤姆"))


def test_the_rest_of_a_goal_keeps_its_place() -> None:
    before, one, after = pieces_of("Read the meter. Add it up. If it is above 5, warn Ann. Then stop.")
    assert (before, after) == ("Read the meter. Add it up.", "Then stop.")
    assert isinstance(one, Conditional)
    assert one.action == "warn Ann"


@pytest.mark.parametrize(("said", "known"), [("yes", True), ("No.", False), ("是的", True), ("没有", False)])
def test_what_the_user_answers_belongs_to_the_condition(said: str, known: bool) -> None:
    for goal in ("If the road is closed, call Ann.", "If the road is closed call Ann"):
        _answered(goal, said, known)


def _answered(goal: str, said: str, known: bool) -> None:
    (asked,) = pieces_of(goal)
    assert isinstance(asked, Conditional)
    (answered,) = pieces_of(f"{goal}\n{asked.question} {said}")
    assert isinstance(answered, Conditional)
    assert answered.known is known
    assert (answered.left_out is None) is known


@pytest.mark.parametrize("piece", ["if ", "a if, ", "If a. ", "'", "if x, ", "如果", "if\n", "if a:\n- "])
def test_long_goals_take_time_in_proportion(piece: str) -> None:
    began = time.process_time()
    pieces_of(piece * (50_000 // len(piece)))
    assert time.process_time() - began < 5
