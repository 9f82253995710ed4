"""What is said of results exactly: counts, lists, averages."""

from __future__ import annotations

from typing import Any

import pytest

from prudent.types.content import Source
from prudent_agents.running.totting import averaged, counted, listed
from prudent_agents.values import Value


def _known(*results: Any, source: Source = Source.TOOL) -> list[tuple[str, Value, Source]]:
    return [(f"s{at}", Value(data=one), source) for at, one in enumerate(results)]


def test_a_list_that_was_read_is_counted() -> None:
    found = counted("How many events are there on 2026-12-01?", _known(["a", "b"]))
    assert found is not None
    assert found[1].data == 2
    assert counted("今天有几个会议?", _known([])) is not None
    assert counted("What is there?", _known(["a", "b"])) is None
    assert counted("How many events are there?", _known(["a"], ["b"])) is None
    assert counted("How many days?", _known(["passage"], source=Source.DOCUMENT)) is None


@pytest.mark.parametrize(
    ("goal", "result", "said"),
    [
        ("What do I have on 1 December 2026?", ["9:00 dentist", "14:00 tea"], "9:00 dentist; 14:00 tea."),
        ("What is on my calendar tomorrow?", [], "Nothing."),
        ("我明天有什么安排?", ["开会", "看牙"], "开会；看牙。"),
        ("我明天有什么安排?", [], "没有。"),
        ("Which of them is the earliest?", ["09:00 dentist"], None),
        ("What do I have?", [{"time": "09:00"}], None),
        ("What do I have?", "a text", None),
        ("What do I have?", ["x"] * 13, None),
    ],
)
def test_no_item_of_a_list_that_was_asked_for_is_left_out(goal: str, result: Any, said: str | None) -> None:
    assert listed(goal, _known(result)) == said


def test_an_average_is_worked_out() -> None:
    found = averaged("What is the average temperature of the attic and the cellar?", _known(17.5, 12))
    assert found is not None
    assert found[1].data == 14.75
    assert averaged("平均多少度?", _known(1, 2, 3)) is not None
    assert averaged("What is the total?", _known(1, 2)) is None
    assert averaged("What is the average?", _known(1, "two")) is None
    assert averaged("What is the average?", _known(4)) is None
