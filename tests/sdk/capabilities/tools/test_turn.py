"""Turns of tool calls against a scripted caller: what is proposed, what is made of it, what is streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from prudent.capabilities.tools.calibration import Calibration
from prudent.capabilities.tools.calls import Turn
from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.logistic import Logistic, Signal
from prudent.capabilities.tools.similarity import Nearness
from prudent.capabilities.tools.toolset import ToolSet
from prudent.capabilities.tools.turn import Judge, TurnResult, tool_turn
from prudent.types.tools import ToolCallDelta

if TYPE_CHECKING:
    from conftest import ScriptedCaller

    Scripted = type[ScriptedCaller]

Make = Callable[..., PreparedTool]
STRING = {"type": "string"}
NUMBER = {"type": "integer"}


def _one(name: str, weight: float, bias: float) -> Logistic:
    return Logistic(bias=bias, threshold=0.5, signals={name: Signal(mean=0, scale=1, weight=weight)})


CALIBRATION = Calibration(
    fits=_one("margin", 10, -5),
    fits_foreign=_one("margin", 10, 5),
    fits_unaided=_one("grounded", 10, -5),
    wanted=_one("wholly_grounded", 10, -5),
    follows=_one("fresh_least", 10, -5),
    fitted_on="nothing",
)


def _turn(
    language: Language,
    caller: ScriptedCaller,
    request: str,
    *tools: PreparedTool,
    mode: Any = "auto",
    most: int = 16,
    similarities: Mapping[str, Nearness] | None = None,
    most_tokens: int | None = None,
    turn: Turn | None = None,
) -> tuple[list[tuple[str, dict[str, Any]]], TurnResult]:
    evidence = Evidence(request)
    judge = Judge(ToolSet(tools, mode, most), CALIBRATION, similarities, most_tokens)
    prompt = tuple(language.encode(request))
    deltas, result = caller.run(tool_turn(language, prompt, turn or Turn(evidence, evidence), judge))
    return _calls(deltas), result


def _calls(deltas: list[ToolCallDelta]) -> list[tuple[str, dict[str, Any]]]:
    """Put together as clients do: the first delta of an index has id, type and name, the others arguments."""
    calls: dict[int, list[str]] = {}
    for delta in deltas:
        assert delta.function is not None
        if delta.index not in calls:
            assert delta.id is not None
            assert delta.type == "function"
            assert delta.function.name is not None
            calls[delta.index] = [delta.function.name, ""]
        else:
            assert delta.id is None
            assert delta.function.name is None
            calls[delta.index][1] += delta.function.arguments or ""
    assert list(calls) == list(range(len(calls)))
    return [(name, json.loads(arguments)) for name, arguments in calls.values()]


def test_a_fitting_tool_is_called(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo"]})
    calls, result = _turn(language, model, "What is the weather in Oslo", tool("weather", city=STRING))
    assert calls == [("weather", {"city": "Oslo"})]
    assert result.decision.tool == "weather"
    assert result.decision.confidence > 0.9


def test_no_call_where_nothing_of_it_is_spoken_of(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Paris"]})
    calls, result = _turn(language, model, "Write the poem", tool("weather", city=STRING))
    assert calls == []
    assert result.decision.tool is None
    assert result.decision.confidence > 0.9
    assert result.complete


def test_required_calls_all_the_same_and_says_how_sure_it_is(
    language: Language, tool: Make, caller: Scripted
) -> None:
    model = caller(["weather"], {"city": ["Paris"]})
    calls, result = _turn(
        language, model, "Write the poem", tool("weather", city=STRING), mode="required", most=1
    )
    assert calls == [("weather", {"city": "Paris"})]
    assert result.decision.confidence < 0.1


def test_the_encoder_is_heard_where_there_is_one(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo"]})
    weather = tool("weather", city=STRING)
    near, far = ({"weather": Nearness(0.9, plain)} for plain in (0.1, 0.8))
    assert _turn(language, model, "What of Oslo", weather, similarities=near)[0]
    assert _turn(language, model, "What of Oslo", weather, similarities=far)[0] == []


def test_requests_in_other_languages_are_judged_apart(
    language: Language, tool: Make, caller: Scripted
) -> None:
    weather = tool("weather", city=STRING)
    far = {"weather": Nearness(0.9, 0.8)}
    model = caller(["weather"], {"city": ["奥斯陆"]})
    assert _turn(language, model, "奥斯陆天气怎么样", weather, similarities=far)[0] == [
        ("weather", {"city": "奥斯陆"})
    ]


def test_another_call_follows_as_long_as_it_brings_something_new(
    language: Language, tool: Make, caller: Scripted
) -> None:
    model = caller(["weather"], {"city": ["Oslo", "Rome", "Lima"]})
    calls, result = _turn(
        language, model, "What is the weather in Oslo and Rome", tool("weather", city=STRING)
    )
    assert calls == [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
    assert result.calls == 2


def test_the_same_call_is_not_made_twice(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo"]})
    calls, _ = _turn(
        language, model, "What is the weather in Oslo", tool("weather", city=STRING), mode="required"
    )
    assert len(calls) == 1


def test_one_call_where_one_is_allowed(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo", "Rome"]})
    calls, _ = _turn(language, model, "Oslo and Rome", tool("weather", city=STRING), most=1)
    assert len(calls) == 1


def test_a_call_of_an_earlier_turn_is_not_made_again(
    language: Language, tool: Make, caller: Scripted
) -> None:
    evidence = Evidence("What is the weather in Oslo")
    turn = Turn(evidence, evidence, [("weather", {"city": "Oslo"})], 1)
    model = caller(["weather"], {"city": ["Oslo"]})
    calls, result = _turn(language, model, evidence.text, tool("weather", city=STRING), turn=turn)
    assert calls == []
    assert result.decision.tool is None


def test_optional_arguments_only_where_the_request_has_them(
    language: Language, tool: Make, caller: Scripted
) -> None:
    weather = tool("weather", optional=["unit", "days"], city=STRING, unit=STRING, days=NUMBER)
    model = caller(["weather"], {"city": ["Oslo"], "unit": ["kelvin"], "days": [3]})
    calls, _ = _turn(language, model, "What is the weather in Oslo for 3 days", weather, most=1)
    assert calls == [("weather", {"city": "Oslo", "days": 3})]


def test_twins_of_optional_arguments_are_decided_alike(
    language: Language, tool: Make, caller: Scripted
) -> None:
    weather = tool("weather", optional=["unit"], city=STRING, unit=STRING)
    model = caller(["weather"], {"city": ["Oslo", "Rome"], "unit": ["kelvin"]})
    evidence = Evidence("What is the weather in Oslo and Rome in kelvin")
    turn = Turn(evidence, evidence, settled={("weather", "unit", '"kelvin"'): False})
    calls, _ = _turn(language, model, evidence.text, weather, turn=turn)
    assert calls == [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]


def test_an_optional_argument_that_does_not_end_is_left_out(
    language: Language, tool: Make, caller: Scripted
) -> None:
    weather = tool("weather", optional=["note"], note=STRING, city=STRING)
    model = caller(["weather"], {"city": ["Oslo"], "note": [...]})
    calls, _ = _turn(language, model, "What is the weather in Oslo", weather, most=1)
    assert calls == [("weather", {"city": "Oslo"})]


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_a_required_argument_that_does_not_end_is_no_call(
    language: Language, tool: Make, caller: Scripted, mode: str
) -> None:
    model = caller(["note"], {"text": [...]})
    calls, result = _turn(language, model, "note this", tool("note", text=STRING), mode=mode)
    assert calls == []
    assert result.decision.tool is None
    assert result.complete is (mode == "auto")


def test_calls_longer_than_the_limit_are_not_begun(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo"]})
    calls, result = _turn(
        language, model, "What of the city Oslo", tool("weather", city=STRING), most_tokens=10
    )
    assert calls == []
    assert not result.complete


def test_a_tool_without_arguments_is_called_with_an_empty_object(
    language: Language, tool: Make, caller: Scripted
) -> None:
    model = caller(["now"], {})
    calls, _ = _turn(language, model, "now", tool("now"), mode="required", most=1)
    assert calls == [("now", {})]


def test_a_list_loses_the_tail_that_nobody_asked_for(
    language: Language, tool: Make, caller: Scripted
) -> None:
    names = {"type": "array", "items": STRING}
    model = caller(["play"], {"teams": [["Lakers", "Clippers", "Bulls", "Heat"]]})
    calls, _ = _turn(
        language, model, "Find the Lakers against the Clippers", tool("play", teams=names), most=1
    )
    assert calls == [("play", {"teams": ["Lakers", "Clippers"]})]


def test_a_figure_is_sent_as_it_is_meant(language: Language, tool: Make, caller: Scripted) -> None:
    invest = tool("invest", rate={"type": "number"}, sum=NUMBER)
    model = caller(["invest"], {"rate": [7.0], "sum": [3]})
    calls, _ = _turn(language, model, "What comes of 3 million at 7%", invest, most=1)
    assert calls == [("invest", {"rate": 0.07, "sum": 3000000})]


def test_every_pass_goes_on_from_the_one_before(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo", "Rome"]})
    tools = [tool("weather", city=STRING), tool("news", city=STRING)]
    _turn(language, model, "What is the weather in Oslo and Rome", *tools)
    start = len("What is the weather in Oslo and Rome")
    for one, other in zip(model.passes, model.passes[1:], strict=False):
        shared = len(one.prompt) - 1
        assert other.prompt[:start] == one.prompt[:start]
        assert other.prompt[:shared] == one.prompt[:shared] or len(other.prompt) < len(one.prompt)


def test_the_choice_reports_every_tools_share(language: Language, tool: Make, caller: Scripted) -> None:
    model = caller(["weather"], {"city": ["Oslo"]})
    _, result = _turn(
        language,
        model,
        "What is the weather in Oslo",
        tool("weather", city=STRING),
        tool("news", city=STRING),
        most=1,
    )
    assert set(result.decision.scores) == {"weather", "news"}
    assert sum(result.decision.scores.values()) == pytest.approx(1.0)
