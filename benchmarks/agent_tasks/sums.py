"""Tools for sums that several backends share: a calculator by a parser, and units. Knows no backend."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from prudent_agents.errors import ToolError

_TWO: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_MOST = 500
_UNITS = {
    "kwh": ("energy", 3.6),
    "mj": ("energy", 1.0),
    "km": ("length", 1.0),
    "miles": ("length", 1.609344),
    "kg": ("mass", 1.0),
    "pounds": ("mass", 0.45359237),
}


def calculator(expression: str) -> float:
    """Work out an arithmetic expression of numbers with + - * / and brackets, for example (2 + 3) * 4.

    Args:
        expression: the expression, numbers only
    """
    text = expression[:_MOST].replace("×", "*").replace("÷", "/").replace("^", "**").replace("$", "")
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ToolError(f"'{expression[:80]}' is no arithmetic expression: {error}.") from error
    return int(value) if float(value).is_integer() else round(value, 6)


def _value(node: ast.AST) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _TWO:
        return _TWO[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("only numbers with + - * / and brackets can be worked out")


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """Convert a value between units: celsius, fahrenheit, kWh, MJ, km, miles, kg, pounds.

    Args:
        value: the number
        from_unit: its unit
        to_unit: the unit wanted
    """
    source, target = from_unit.strip().lower(), to_unit.strip().lower()
    if (source, target) == ("celsius", "fahrenheit"):
        return round(value * 9 / 5 + 32, 4)
    if (source, target) == ("fahrenheit", "celsius"):
        return round((value - 32) * 5 / 9, 4)
    if source not in _UNITS or target not in _UNITS or _UNITS[source][0] != _UNITS[target][0]:
        raise ToolError(f"{from_unit} cannot be converted to {to_unit}.")
    return round(value * _UNITS[source][1] / _UNITS[target][1], 4)
