"""`@tool`: what becomes of a typed function, and what a call does with arguments, results and failures."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from prudent.errors import InvalidRequestError
from prudent_agents import Agent
from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError, ToolTimeoutError
from prudent_agents.function_tool import tool, tool_of
from prudent_agents.plan import Plan, Step
from prudent_agents.tool import MOST_NESTED, Effect, Tool, ToolContext

CONTEXT = ToolContext(run="run", step="step", idempotency_key="key")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    title: str = Field(description="How the person is addressed.")


class Person(BaseModel):
    name: str
    born: dt.date
    homes: list[Address] = []


@dataclass
class Point:
    x: int
    y: int


def call(made: Tool, **arguments: Any) -> Any:
    return asyncio.run(made.call(arguments, CONTEXT))


@tool
def everything(
    text: str,
    colour: Colour,
    mode: Literal["fast", "slow"],
    day: dt.date,
    person: Person,
    numbers: list[int],
    limit: int | None = None,
    tags: Annotated[list[str], Field(max_length=3)] = ["a"],  # noqa: B006 - pydantic copies it
) -> dict[str, Any]:
    """Takes one of each kind
    and gives them back.

    Args:
        text: what it is about,
            in two lines
        numbers (list): some numbers
    """
    assert isinstance(colour, Colour)
    assert isinstance(day, dt.date)
    assert isinstance(person, Person)
    return {"text": text, "colour": colour, "mode": mode, "day": day, "person": person, "n": numbers} | {
        "limit": limit,
        "tags": tags,
    }


ARGUMENTS: dict[str, Any] = {
    "text": "hello",
    "colour": "red",
    "mode": "fast",
    "day": "2026-11-28",
    "person": {"name": "Ada", "born": "1815-12-10", "homes": [{"street": "x", "title": "Countess"}]},
    "numbers": [1, 2],
}


def test_arguments_arrive_as_the_functions_types_and_results_leave_as_json() -> None:
    result = call(everything, **ARGUMENTS)
    expected = ARGUMENTS | {"n": [1, 2], "limit": None, "tags": ["a"]}
    del expected["numbers"]
    assert result == expected


def test_the_schema_is_valid_and_says_what_is_required_and_what_the_docstring_says() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(everything.parameters))
    jsonschema.validate(ARGUMENTS, dict(everything.parameters))
    assert everything.required == ("text", "colour", "mode", "day", "person", "numbers")
    assert everything.properties["text"]["description"] == "what it is about, in two lines"
    assert everything.properties["numbers"]["description"] == "some numbers"
    assert everything.properties["mode"]["enum"] == ["fast", "slow"]
    assert everything.properties["day"]["format"] == "date"
    assert everything.card == "Takes one of each kind and gives them back."


def test_titles_are_left_out_but_a_property_called_title_stays() -> None:
    address = everything.parameters["$defs"]["Address"]
    assert set(address["properties"]) == {"street", "title"}
    assert "title" not in address
    assert address["properties"]["title"] == {
        "description": "How the person is addressed.",
        "type": "string",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "green"}, "colour"),
        ({"mode": "medium"}, "mode"),
        ({"day": "yesterday"}, "day"),
        ({"person": {"name": "Ada", "born": "never"}}, "person.born"),
        ({"numbers": [1, "x"]}, "numbers.1"),
        ({"tags": ["a", "b", "c", "d"]}, "tags"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ToolArgumentsError, match=field) as caught:
        call(everything, **ARGUMENTS | change)
    assert caught.value.param == field


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(ToolArgumentsError, match="text") as caught:
        call(everything, **{key: value for key, value in ARGUMENTS.items() if key != "text"})
    assert caught.value.param == "text"


def test_a_default_is_not_shared_between_calls() -> None:
    @tool
    def collect(item: str, into: list[str] = []) -> list[str]:  # noqa: B006 - the very point
        """Collect."""
        into.append(item)
        return into

    assert [call(collect, item="a"), call(collect, item="b")] == [["a"], ["b"]]


def test_arguments_may_be_called_as_pydantic_calls_its_own() -> None:
    @tool
    def odd(schema: str, copy: int, model_config: str, json: str, _private: int = 3) -> list[Any]:
        """Odd names."""
        return [schema, copy, model_config, json, _private]

    assert call(odd, schema="s", copy=1, model_config="m", json="j") == ["s", 1, "m", "j", 3]
    assert odd.required == ("schema", "copy", "model_config", "json")


def test_annotated_descriptions_and_bounds_hold() -> None:
    @tool
    def pay(amount: Annotated[Decimal, Field(gt=0, description="In euros.")]) -> str:
        """Pay."""
        return f"{amount} {type(amount).__name__}"

    assert pay.properties["amount"]["description"] == "In euros."
    assert call(pay, amount="1.10") == "1.10 Decimal"
    with pytest.raises(ToolArgumentsError, match="greater than 0"):
        call(pay, amount=-1)


def test_async_functions_and_objects_with_an_async_call_are_awaited() -> None:
    @tool
    async def double(number: int) -> int:
        """Double it."""
        await asyncio.sleep(0)
        return number * 2

    class Triple:
        """Triple it."""

        async def __call__(self, number: int) -> int:
            return number * 3

    assert call(double, number=4) == 8
    assert call(tool_of(Triple(), name="triple"), number=4) == 12


def test_the_context_is_handed_over_and_is_no_argument() -> None:
    @tool
    def who(name: str, context: ToolContext) -> str:
        """Who asks."""
        return f"{name} {context.idempotency_key}"

    assert set(who.properties) == {"name"}
    assert call(who, name="x") == "x key"
    with pytest.raises(ToolArgumentsError, match="context"):
        call(who, name="x", context={"run": "forged"})


def test_a_context_that_may_be_missing_is_given_as_well() -> None:
    @tool
    def who(context: ToolContext | None = None) -> str:
        """Who asks."""
        return context.idempotency_key if context else "nobody"

    assert call(who) == "key"


@pytest.mark.parametrize(
    ("returned", "kind", "written"),
    [
        (Point(1, 2), Point, {"x": 1, "y": 2}),
        ([Colour.RED], list[Colour], ["red"]),
        ({"day": dt.date(2026, 1, 2)}, dict[str, dt.date], {"day": "2026-01-02"}),
        (None, None, None),
        ((1, "a"), tuple[int, str], [1, "a"]),
    ],
)
def test_results_are_written_as_json(returned: Any, kind: Any, written: Any) -> None:
    def give() -> Any:
        """Give it."""
        return returned

    give.__annotations__["return"] = kind
    assert call(tool(give)) == written


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("nan")], object(), lambda: 1])
def test_what_json_cannot_hold_is_an_error_of_the_tool(value: Any) -> None:
    @tool
    def give() -> Any:
        """Give it."""
        return value

    with pytest.raises(ToolError, match="give returned"):
        call(give)


class Nested(BaseModel):
    inner: Nested | None = None


def _in_itself() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def _nested(levels: int, wrap: Any) -> Any:
    whole: Any = None
    for _ in range(levels):
        whole = wrap(whole)
    return whole


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        (_nested(3_000, lambda one: [one]), Any),
        (_nested(MOST_NESTED + 1, lambda one: {"in": one}), dict[str, Any]),
        (_nested(3_000, lambda one: Nested.model_construct(inner=one)), Nested),
        (_in_itself(), Any),
    ],
)
def test_a_result_that_is_nested_too_deep_fails_the_step_and_not_the_run(returned: Any, kind: Any) -> None:
    def look() -> Any:
        """Look."""
        return returned

    look.__annotations__["return"] = kind
    steps = (Step(id="deep", tool="look"), Step(id="next", tool="flat"))
    with Agent(tools=[look, tool_of(lambda: 7, name="flat", card="Flat.")], durable=False) as agent:
        run = agent.execute(Plan(goal="Look.", steps=steps))
    assert (run.status, run.results["next"].data) == ("failed", 7)
    assert "nested too deep: at most 100 levels" in str(run.error) or kind is Nested
    assert "look" in str(run.error)


def test_a_result_may_be_as_deep_as_is_said() -> None:
    deep = _nested(MOST_NESTED, lambda one: [one])
    with Agent(tools=[tool_of(lambda: deep, name="look", card="Look.")], durable=False) as agent:
        assert agent.execute(Plan(goal="Look.", steps=(Step(id="s", tool="look"),))).output == deep


def test_a_result_of_another_type_than_promised_is_an_error() -> None:
    @tool
    def count() -> int:
        """Count."""
        return "many"  # type: ignore[return-value]

    with pytest.raises(ToolError, match="count returned str"):
        call(count)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (KeyError("room"), r"fail failed: KeyError: 'room'"),
        (TimeoutError("the meter"), r"fail failed: TimeoutError: the meter"),
        (StopIteration(), r"fail failed: .*StopIteration"),
        (InvalidRequestError("No such page.", hint="Pages count from 1."), r"No such page\. Pages count"),
    ],
)
def test_what_a_function_raises_is_told_in_its_words(raised: Exception, said: str) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise raised

    with pytest.raises(ToolError, match=said) as caught:
        call(fail)
    assert not isinstance(caught.value, ToolTimeoutError)


def test_a_late_function_is_given_up_and_the_program_does_not_wait_for_it() -> None:
    released = threading.Event()

    @tool(timeout=0.05)
    def hang() -> None:
        """Hang."""
        released.wait(20)

    begun = time.monotonic()
    with pytest.raises(ToolTimeoutError, match=r"hang took longer than 0\.05 s"):
        call(hang)
    assert time.monotonic() - begun < 5
    released.set()


def test_functions_that_hang_do_not_hold_up_others() -> None:
    released = threading.Event()

    @tool(timeout=None)
    def hang() -> None:
        """Hang."""
        released.wait(20)

    @tool
    def quick() -> str:
        """Be quick."""
        return "done"

    async def both() -> str:
        hanging = [asyncio.create_task(hang.call({}, CONTEXT)) for _ in range(40)]
        await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(quick.call({}, CONTEXT), 10)
        finally:
            released.set()
            await asyncio.gather(*hanging)

    assert asyncio.run(both()) == "done"


def test_definitions_that_cannot_work_are_refused_with_what_to_do() -> None:
    def untyped(x) -> str:  # type: ignore[no-untyped-def]
        """Untyped."""
        return str(x)

    def silent(x: int) -> int:
        return x

    def starred(*x: int) -> int:
        """Starred."""
        return sum(x)

    def strange(x: threading.Thread) -> str:
        """Strange."""
        return str(x)

    lock = threading.Lock()

    def default(x: Any = lock) -> str:
        """Strange default."""
        return str(x)

    def result() -> threading.Thread:
        """Strange result."""
        return threading.Thread()

    for function, said in (
        (untyped, "has no type"),
        (silent, "has no docstring"),
        (starred, "Name every argument"),
        (strange, "cannot be written as JSON"),
        (default, "cannot be written as JSON"),
        (result, "cannot be written as JSON"),
    ):
        with pytest.raises(ToolDefinitionError, match=said):
            tool(function)
    for options, said in (
        ({"effect": "destroy"}, "no effect"),
        ({"name": "two words"}, "cannot be the name"),
        ({"timout": 3}, "no option"),
    ):
        with pytest.raises(ToolDefinitionError, match=said):
            tool(**options)(everything.function)


def test_the_digest_changes_with_the_promise_and_with_nothing_else() -> None:
    def make(card: str = "Pay.", effect: Effect = Effect.READ, timeout: float = 30) -> Tool:
        def pay(amount: int) -> int:
            return amount

        return tool_of(pay, card=card, effect=effect, timeout=timeout)

    assert make().digest == make(timeout=3).digest
    assert len({make().digest, make(card="Pay twice.").digest, make(effect=Effect.WRITE).digest}) == 3


@tool
def echo(text: str, whole: int, real: float) -> list[Any]:
    """Echo."""
    return [text, whole, real]


@settings(deadline=None, max_examples=50)
@given(st.text(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
def test_values_come_through_unchanged(text: str, whole: int, real: float) -> None:
    arguments = echo.validate({"text": text, "whole": whole, "real": real})
    assert echo.dump(echo.function(**arguments)) == [text, whole, real]
