"""What was read of several things is compared by the exact numbers, whatever a model would say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_planner import ScriptedAgentModel

from prudent_agents import Agent, Run, tool
from prudent_agents.grounding.comparatives import direction, each_asked
from prudent_agents.plan import Condition, Given, Plan, Ref, Rung, Step

STOCK: Mapping[str, Any] = {"oak table": 4, "pine chair": 11, "desk lamp": 0, "桌子": 4, "椅子": 11}
WEATHER: Mapping[str, Any] = {
    "Graz": {"degrees": 18, "wind": 5},
    "Oslo": {"degrees": 3.1, "wind": 20},
    "Rome": {"degrees": 18},
    "北京": {"degrees": 9},
    "上海": {"degrees": 15},
}


def run(
    goal: str,
    things: Mapping[str, Any],
    *names: str,
    then: Callable[[str], Step] | None = None,
    about: Mapping[str, str] | None = None,
) -> Run:
    """The goal, with each of the things read; the model says nothing of use."""

    @tool(trusted=True)
    def look(thing: str) -> Any:
        """Look it up."""
        return things[thing]

    @tool(effect="write", trusted=True)
    def heat() -> str:
        """Heat."""
        return "heated"

    steps = [
        Step(
            id=f"s{at}",
            tool="look",
            about=(about or {}).get(name, ""),
            arguments={"thing": Given(value=name, origin="request")},
        )
        for at, name in enumerate(names)
    ]
    steps += [] if then is None else [then(steps[-1].id)]
    plan = Plan(goal=goal, steps=tuple(steps), rung=Rung.DECODED)
    model = ScriptedAgentModel(text="I do not know.", values=[{"sum": "1"}])
    with Agent(tools=[look, heat], model=model, durable=False) as agent:
        return agent._run_plan(plan, None)


@pytest.mark.parametrize(
    ("goal", "things", "names", "said"),
    [
        (
            "Which article is there the most of?",
            STOCK,
            ("oak table", "pine chair", "desk lamp"),
            "Pine chair (11), against oak table 4, desk lamp 0: a difference of 11.",
        ),
        (
            "Are there more oak tables or pine chairs in stock?",
            STOCK,
            ("oak table", "pine chair"),
            "Pine chair (11), against oak table 4: a difference of 7.",
        ),
        (
            "Are there fewer oak tables than pine chairs?",
            STOCK,
            ("pine chair", "oak table"),
            "Yes: oak table 4, pine chair 11: a difference of 7.",
        ),
        (
            "Is it warmer in Graz than in Oslo?",
            WEATHER,
            ("Graz", "Oslo"),
            "Yes: Graz 18, Oslo 3.1: a difference of 14.9.",
        ),
        (
            "Is Graz colder than Oslo?",
            WEATHER,
            ("Graz", "Oslo"),
            "No: Graz 18, Oslo 3.1: a difference of 14.9.",
        ),
        ("Is it warmer in Graz than in Rome?", WEATHER, ("Graz", "Rome"), "No: Graz 18, Rome 18."),
        ("Which is warmer, Graz or Rome?", WEATHER, ("Graz", "Rome"), "They are equal: Graz 18, Rome 18."),
        (
            "Which is there least of, oak tables, pine chairs or desk lamps?",
            STOCK,
            ("oak table", "pine chair", "desk lamp"),
            "Desk lamp (0), against oak table 4, pine chair 11: a difference of 11.",
        ),
        ("库存里桌子多还是椅子多？", STOCK, ("桌子", "椅子"), "椅子（11）；桌子 4，相差 7。"),
        ("北京比上海暖和吗？", WEATHER, ("北京", "上海"), "不是：北京 9，上海 15，相差 6。"),
        ("北京和上海哪个更冷？", WEATHER, ("北京", "上海"), "北京（9）；上海 15，相差 6。"),
    ],
)
def test_two_things_are_compared(
    goal: str, things: Mapping[str, Any], names: tuple[str, ...], said: str
) -> None:
    assert run(goal, things, *names).output == said


@pytest.mark.parametrize(
    "goal",
    [
        "Is it at least 20 degrees warmer in Graz than in Oslo?",
        "How warm is it in Graz and in Oslo?",
        "Is it windier or nicer in Graz than in Oslo?",
        "格拉茨和奥斯陆今天多少度？",
    ],
)
def test_other_questions_are_left_to_the_model(goal: str) -> None:
    assert run(goal, WEATHER, "Graz", "Oslo").output == "I do not know."


@pytest.mark.parametrize(("word", "heated"), [("warmer", True), ("colder", False)])
def test_a_condition_compares_in_the_same_way(word: str, heated: bool) -> None:
    said = Given(value=f"it is {word} in Graz than in Oslo", origin="request")

    def heats(after: str) -> Step:
        return Step(id="h", tool="heat", when=Condition(left=Ref(step=after), op="says", right=said))

    ended = run("Heat.", WEATHER, "Graz", "Oslo", then=heats)
    assert ended.status == "done"
    assert ("h" in ended.results) is heated


@pytest.mark.parametrize(
    ("goal", "asked"),
    [
        ("库存里桌子多还是椅子多？", ["库存里桌子有多少？", "库存里椅子有多少？"]),
        ("桌子和台灯哪个更贵？", ["桌子多少钱？", "台灯多少钱？"]),
        ("哪个更便宜，桌子还是台灯？", ["桌子多少钱？", "台灯多少钱？"]),
        ("今天北京热还是上海热？", ["今天北京的气温是多少？", "今天上海的气温是多少？"]),
        ("店里的红椅子和蓝椅子哪种更便宜一些？", ["店里的红椅子多少钱？", "店里的蓝椅子多少钱？"]),
        ("桌子和椅子多少钱？", []),
        ("把桌子和椅子搬走。", []),
        ("Are there more tables or chairs?", []),
    ],
)
def test_a_chinese_comparison_asks_for_each_side(goal: str, asked: list[str]) -> None:
    assert each_asked(goal) == asked


def test_a_tool_with_english_names_is_compared_in_the_words_of_the_goal() -> None:
    english = {"table": 310, "lamp": 24.5}
    asked = dict(zip(english, each_asked("桌子和台灯哪个更贵？"), strict=True))
    ended = run("桌子和台灯哪个更贵？", english, *english, about=asked)
    assert ended.output == "桌子（310）；台灯 24.5，相差 285.5。"


def test_a_chinese_comparison_is_planned_as_one_call_for_each_side() -> None:
    @tool(trusted=True)
    def look(thing: str) -> Any:
        """Look it up."""
        return STOCK[thing]

    def called(messages: str) -> dict[str, str]:
        return {"thing": "桌子" if "库存里桌子" in messages else "椅子"}

    with Agent(tools=[look], model=ScriptedAgentModel(calls=[called]), durable=False) as agent:
        ended = agent.run("库存里桌子多还是椅子多？")
    assert [step.tool for step in ended.state.plan.steps] == ["look", "look"]
    assert ended.output == "椅子（11）；桌子 4，相差 7。"


def test_a_tool_that_knows_english_names_is_asked_for_those() -> None:
    english = {"table": 4, "chair": 11}

    @tool(trusted=True)
    def look(thing: str) -> Any:
        """Look it up."""
        if thing not in english:
            raise ValueError(f"There is no {thing}.")
        return english[thing]

    def called(messages: str) -> dict[str, str]:
        return {"thing": "桌子" if "库存里桌子" in messages else "椅子"}

    model = ScriptedAgentModel(calls=[called], values=[{"english": "table"}, {"english": "chair"}])
    with Agent(tools=[look], model=model, durable=False) as agent:
        assert agent.run("库存里桌子多还是椅子多？").output == "椅子（11）；桌子 4，相差 7。"


def test_what_one_side_is_unknown_of_is_not_compared() -> None:
    """Nor is nothing more than nothing."""
    half = str(run("Are there more oak tables or sofas?", STOCK, "oak table", "sofa").output)
    assert half.startswith("I could not find that out. I found: 4")
    assert "nothing was found" in str(run("Are there more tables or chairs?", {"x": []}, "x").output)


@given(st.text(max_size=60))
def test_any_text_has_a_direction_or_none(text: str) -> None:
    assert direction(text) in (None, 1, -1)
    assert direction(f"{text}, cheaper and warmer") is None
