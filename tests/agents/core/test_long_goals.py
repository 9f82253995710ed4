"""A goal costs time in proportion to its length, of whatever it is made, and a longer one is refused."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.types.content import Source
from prudent_agents import Agent, PlanError, tool
from prudent_agents.grounding.copying import copied
from prudent_agents.grounding.dates import dates
from prudent_agents.grounding.enumerated import first_item, siblings, speaks_of_all
from prudent_agents.grounding.facts import is_fact, stated
from prudent_agents.grounding.filled import candidates
from prudent_agents.grounding.referring import refers_back
from prudent_agents.grounding.telling import worded
from prudent_agents.grounding.units import counted_as, counts_others
from prudent_agents.grounding.unsaid import has_content, lacking, relative, unsaid
from prudent_agents.models.driver import Call
from prudent_agents.plan import LONGEST_GOAL
from prudent_agents.planning.proposing import (
    MAY_BE_SPLIT,
    MUST_STAY,
    NAME,
    corrected,
    only_asks,
    takes_something,
)
from prudent_agents.planning.splitting import apart, told_apart
from prudent_agents.running.answering import _counting  # pyright: ignore[reportPrivateUsage]
from prudent_agents.running.arguments import verbatim
from prudent_agents.running.holding import whether
from prudent_agents.running.summing import made_up
from prudent_agents.running.totting import Listed, enumerated, whole_text
from prudent_agents.tool import Effect
from prudent_agents.values import Value

SHORT, LONG = 250, 4_000
GROWTH = 16 * 4
"""Of a text 16 times as long, with room for noise; what grows with the square takes 256 times as long."""
NOISE = 0.05
"""Seconds of this process that tell nothing."""
VALUES = {"to": "Anna Lee", "amount": 5, "file": "plan.txt", "text": "Call Ann Lee"}


@tool(effect=Effect.WRITE)
def write(to: str, amount: float, file: str, text: str) -> str:
    """Write something.

    Args:
        to: the account number
    """
    return f"{to}{amount}{file}{text}"


LOOKS: dict[str, Callable[[str], object]] = {
    "asks": only_asks,
    "splits": MAY_BE_SPLIT.search,
    "stays": MUST_STAY.findall,
    "names": NAME.findall,
    "copies": lambda text: corrected(write, VALUES, text, text),
    "copied": lambda text: copied(text, text),
    "takes": lambda text: takes_something(Call("write", VALUES), write, text),
    "lacks": lambda text: lacking(write, VALUES, text),
    "relative": lambda text: relative(write, VALUES, text),
    "content": has_content,
    "unsaid": lambda text: unsaid(write, VALUES, text),
    "date": lambda text: stated("2026-05-03", text),
    "verbatim": lambda text: verbatim(text, text),
    "siblings": lambda text: [siblings(one, text) for one in ("Anna", "Anna Lee", "北京", "#a1", "attic")],
    "dates": dates,
    "apart": apart,
    "told apart": lambda text: told_apart([text, text]),
    "back": refers_back,
    "worded": worded,
    "units": lambda text: (counted_as("hours", text), counts_others("1", "room", text)),
    "all": speaks_of_all,
    "told": lambda text: whole_text(text, [("s", Value(data="text"), Source.TOOL)]),
    "there": lambda text: enumerated(text, Listed(["a"], Value(data=1).label, Source.TOOL)),
    "list": first_item,
    "sums": lambda text: made_up("5", [text]),
    "counts": lambda text: _counting(f"how many {text}"),
    "whether": lambda text: whether(f"Is {text}", {"left": 1}),
    "fact": is_fact,
    "grounded": lambda text: candidates("x", text, [text, f"{text} "], stands_for=True),
}
_WORDS = "a A 1 a. 1. 1, Anna, A' A- - _ . “ \" ' 「 'a @ a@ [A_1] 和 北京和 北京、 几 x.py a-a. #a1, 1- ü 呢"
_SPACED = (
    "A ",
    "a ",
    "Anna and ",
    "raise ",
    "by ",
    "3 May 2026 ",
    ", and ",
    "A or the A",
    "the a, the a and ",
    ": a, ",
    "how a and ",
    "，再查",
    " and tell him that ",
    "1 May 2026 ",
    " ",
    f"A{' ' * 50}",
)
UNITS = (*_WORDS.split(), *_SPACED)


def _seconds(look: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    look(text)
    return time.process_time() - began


def _text(unit: str, length: int, end: str) -> str:
    return (unit * (length // len(unit) + 1))[:length] + end


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_no_look_at_a_goal_grows_with_its_square(look: Callable[[str], object]) -> None:
    look("")  # patterns are compiled when they are first used, which is no growth
    for unit in UNITS:
        long = _seconds(look, _text(unit, LONG, "\n"))
        assert long < NOISE or long < GROWTH * _seconds(look, _text(unit, SHORT, "\n")), unit


@settings(max_examples=20)
@given(st.text(max_size=60), st.sampled_from(UNITS))
def test_any_text_may_be_looked_at(text: str, unit: str) -> None:
    for look in LOOKS.values():
        look(f"{text}{unit * 3}{text}")


def test_a_goal_that_is_too_long_is_refused_with_what_to_do() -> None:
    with Agent(tools=[write], durable=False) as agent, pytest.raises(PlanError, match="50,001") as caught:
        agent.run("a" * (LONGEST_GOAL + 1))
    assert caught.value.param == "goal"
    assert "knowledge" in str(caught.value)


def test_a_number_of_thousands_of_digits_is_no_date() -> None:
    assert not stated("2026-05-03", "9" * 5_000)
