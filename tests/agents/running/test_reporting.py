"""What was written is reported as what the calls did, and not in the words of the request."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_planner import ScriptedAgentModel

from prudent_agents import Agent, tool
from prudent_agents.plan import Given, Plan, Ref, Rung, Step


def output(goal: str, returns: Any, each: Ref | None = None, **given: Any) -> Any:
    """What the run of one write says, which returns this."""

    @tool(trusted=True)
    def listed() -> list[str]:
        """The list."""
        return ["Ann", "Bob"]

    @tool(effect="write", trusted=True)
    def place_order(article: str, quantity: int = 1) -> Any:
        """Order."""
        return returns

    arguments = {name: one if isinstance(one, Ref) else Given(value=one) for name, one in given.items()}
    steps = [Step(id="l", tool="listed")] if each else []
    steps.append(Step(id="s", tool="place_order", about=goal, each=each, arguments=arguments))
    plan = Plan(goal=goal, steps=tuple(steps), rung=Rung.DECODED)
    model = ScriptedAgentModel(text="never")
    with Agent(tools=[place_order, listed], model=model, durable=False) as agent:
        return agent._run_plan(plan, None).output


@pytest.mark.parametrize(
    ("goal", "returns", "said"),
    [
        (
            "Get us the usual lamps.",
            {"order": "PO-1", "article": "desk lamp", "quantity": 2},
            "Done: place order: article desk lamp, quantity 2 (order PO-1)\n",
        ),
        ("Get us lamps.", "sent", "Done: place order: article desk lamp, quantity 2 (sent)\n"),
        ("Get us lamps.", None, "Done: place order: article desk lamp, quantity 2\n"),
        ("Get us lamps.", "Order 7 of 2 lamps is placed.", "Done: Order 7 of 2 lamps is placed.\n"),
        (
            "订两盏台灯。",
            "Order 7 is placed.",
            "已完成：place order: article desk lamp, quantity 2 (Order 7 is placed.)\n",
        ),
        ("订两盏台灯。", "七号订单已经下好了。", "已完成：七号订单已经下好了。\n"),
    ],
)
def test_a_write_is_told_by_what_the_call_did(goal: str, returns: Any, said: str) -> None:
    assert output(goal, returns, article="desk lamp", quantity=2) == said


def test_every_item_of_a_list_is_told_and_long_texts_are_cut() -> None:
    goal, each = "Order for everybody.", Ref(step="l")
    told = output(goal, "ok", each, article=Ref(step="item"))
    assert told == "Done: place order: article Ann (ok)\nDone: place order: article Bob (ok)\n"
    long = output(goal, "ok", article="word " * 200)
    assert "“word word" in long
    assert len(long) < 250
