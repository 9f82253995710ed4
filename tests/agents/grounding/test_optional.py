"""What may be nothing and was made up is nothing; what the text says in any form stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_planner import ScriptedAgentModel

from prudent_agents import Agent
from prudent_agents.grounding.optional import emptied, unfounded
from prudent_agents.plan import FILL, Given, Plan, Step

WHEN: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
TASK = {"type": "object", "properties": {"what": {"type": "string"}, "when": WHEN}}
TASKS = {"type": "object", "properties": {"tasks": {"type": "array", "items": TASK}}}


@pytest.mark.parametrize(
    ("when", "text", "made_up"),
    [
        ("12/01/2023", "Order 12 lamps before Friday.", True),
        ("before Friday", "Order 12 lamps before Friday.", False),
        ("2026-03-09", "By March 9, 2026.", False),
        ("17:00", "at 5 pm", False),
        ("120.50", "Total: 120,50 EUR", False),
        ("三月9日", "三月9日之前", False),
        (None, "some day", False),
    ],
)
def test_a_date_that_nobody_said(when: str | None, text: str, made_up: bool) -> None:
    data: Any = {"tasks": [{"what": "Order 77 lamps", "when": when}]}
    places = unfounded(data, TASKS, text)
    assert list(places) == ([("tasks", 0, "when")] if made_up else [])
    kept = {"what": "Order 77 lamps", "when": None if made_up else when}
    assert emptied(data, list(places)) == {"tasks": [kept]}


@pytest.mark.parametrize(("again", "when"), [("Friday", "Friday"), ("1/2/2033", None)])
def test_it_is_asked_for_once_more_and_is_nothing_then(again: str, when: str | None) -> None:
    values = [{"tasks": [{"what": "Order lamps", "when": one}]} for one in ("12/01/2023", again)]
    model = ScriptedAgentModel(values=values)
    memo = Given(value="Order lamps before Friday.", origin="parameter")
    plan = Plan(goal="List.", steps=(Step(id="t", tool=FILL, arguments={"memo": memo}, shape=TASKS),))
    with Agent(model=model, durable=False) as agent:
        ended = agent.execute(plan)
    assert ended.output == {"tasks": [{"what": "Order lamps", "when": when}]}
    assert len(model.asked) == 2
    assert "the text does not say 12/01/2023" in model.asked[1][1]


@given(st.text(), st.text())
def test_a_text_that_was_kept_has_no_other_numbers(value: str, text: str) -> None:
    kept = emptied(value, list(unfounded(value, WHEN, text)))
    assert kept == value or (kept is None and any(one.isdigit() for one in value))
    assert emptied(value, list(unfounded(value, WHEN, value))) == value
