"""The calculator: arithmetic as a tool. Knows nothing of parsing; see prudent_agents/arithmetic.py."""

from __future__ import annotations

from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.grounding.arithmetic import ArithmeticSyntaxError, evaluate, number
from prudent_agents.tool import Effect, Tool

_TIMEOUT = 5.0
_SHOWN = 120


def calculator() -> Tool:
    """The tool `calculator`: text in, a number out, whole where it is whole. It leaves nothing behind.

    Its result is as trusted as its argument: nobody else has a part in it.
    """
    return tool_of(
        _calculate, name="calculator", effect=Effect.READ, timeout=_TIMEOUT, retries=0, trusted=True
    )


def _calculate(expression: str) -> int | float:
    """Compute arithmetic exactly: + - * / // % **, percentages, sqrt, round, min, max, sum, avg.

    expression: for example 3 * (4.50 + 1,200) or 15% of 80
    """
    shown = expression if len(expression) <= _SHOWN else f"{expression[:_SHOWN]}…"
    try:
        return number(evaluate(expression))
    except ArithmeticSyntaxError as error:
        raise ToolArgumentsError(f"'{shown}' cannot be computed: {error}", param="expression") from error
    except (ZeroDivisionError, OverflowError) as error:
        raise ToolError(f"'{shown}' has no result: {error}") from error
