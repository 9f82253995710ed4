"""The calculator as a tool: numbers out, failures in words that say what to write."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.tool import ToolContext
from prudent_agents.tools.calculator import calculator


def compute(expression: str) -> Any:
    return asyncio.run(calculator().call({"expression": expression}, ToolContext()))


def test_whole_results_are_whole_and_others_are_the_nearest_number() -> None:
    assert (compute("6 / 2"), type(compute("6 / 2"))) == (3, int)
    assert compute("0.1 + 0.2") == 0.3
    assert compute("１，２００ × ２") == 2400


def test_a_wrong_expression_names_the_argument_and_a_hopeless_one_is_a_failure() -> None:
    with pytest.raises(ToolArgumentsError, match=r"'2 \+' cannot be computed: .*ends") as caught:
        compute("2 +")
    assert caught.value.param == "expression"
    with pytest.raises(ToolError, match="divides by zero"):
        compute("1 / 0")
    with pytest.raises(ToolArgumentsError) as caught:
        compute("x" * 5000)
    assert len(str(caught.value)) < 300, "what is said of a long expression is short"
