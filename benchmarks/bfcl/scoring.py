"""Whether calls are right, by the leaderboard's rules for single-turn questions, in our own code.

A call is (name, arguments). Java and JavaScript arguments are source code: see `source`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bfcl.everyday import CATEGORY as EVERYDAY
from bfcl.questions import Json, Question
from bfcl.source import from_source

Call = tuple[str, Any]

_PYTHON: dict[str, type] = {
    "string": str, "integer": int, "float": float, "boolean": bool, "array": list, "tuple": list,
    "dict": dict, "any": str, "String": str, "char": str, "int": int, "long": int, "short": int, "byte": int,
    "Bigint": int, "double": float, "Boolean": bool, "Array": list, "ArrayList": list, "Set": list,
    "Queue": list, "Stack": list,
    "HashMap": dict, "Hashtable": dict,
}  # fmt: skip
_IGNORED = re.compile(r"[ ,./\-_*^]")


def is_right(question: Question, calls: Sequence[Call]) -> bool:
    """Whether these calls answer the question: all of the expected ones, in any order, and no other."""
    if question.category == "irrelevance":
        return not calls
    if question.category == EVERYDAY:
        return [name for name, _ in calls] == [name for expected in question.truth for name in expected]
    if len(calls) != len(question.truth):
        return False
    left = list(calls)
    for expected in question.truth:
        fitting = next((call for call in left if _fits(question, call, expected)), None)
        if fitting is None:
            return False
        left.remove(fitting)
    return True


def _fits(question: Question, call: Call, expected: Json) -> bool:
    ((name, expected_values),) = expected.items()
    function = next(function for function in question.functions if function["name"] == name)
    parameters = function["parameters"]
    properties = parameters["properties"]
    called, arguments = call
    if called not in (name, name.replace(".", "_")) or not isinstance(arguments, dict):
        return False
    if any(required not in arguments for required in parameters.get("required", [])):
        return False
    if any(parameter not in properties or parameter not in expected_values for parameter in arguments):
        return False
    for parameter, value in arguments.items():
        if question.category in ("simple_java", "simple_javascript"):
            value = from_source(value, properties[parameter], question.category)
        if not acceptable(value, properties[parameter], expected_values[parameter]):
            return False
    return all(parameter in arguments or "" in values for parameter, values in expected_values.items())


def acceptable(value: Any, schema: Json, options: Sequence[Any]) -> bool:
    """Whether a value passes for a parameter of this schema, whose acceptable values these are."""
    wanted = _PYTHON.get(schema.get("type", "any"), str)
    if wanted is float and type(value) is int:
        value = float(value)
    first = next((option for option in options if option != ""), None)
    if type(value) is not wanted:
        # An answer that is the name of a variable, or null, passes by its own type.
        return first is not None and type(value) is type(first) and value in options
    if first is not None and type(first) is not wanted and not (wanted is float and type(first) is int):
        return value in options
    if isinstance(value, str):
        return _plain(value) in [_plain(option) for option in options if isinstance(option, str)]
    if isinstance(value, dict):
        return any(isinstance(option, dict) and _same_object(value, option) for option in options)
    if isinstance(value, list):
        return any(isinstance(option, list) and _same_list(value, option, schema) for option in options)
    return value in options


def _same_list(value: list[Any], option: list[Any], schema: Json) -> bool:
    items = schema.get("items")
    kind = _PYTHON.get(items.get("type", "any")) if isinstance(items, dict) else None
    strange = kind is not None and any(
        type(item) is not kind and not _counts_as(item, kind) for item in value
    )
    if strange and [type(item) for item in value] != [type(item) for item in option]:
        return False
    if value and all(isinstance(item, dict) for item in value):
        return len(value) == len(option) and all(map(_same_object, value, option))
    return [_plain(item) for item in value] == [_plain(item) for item in option]


def _counts_as(item: Any, kind: type) -> bool:
    return kind is float and type(item) is int


def _same_object(value: Any, option: Mapping[str, Any]) -> bool:
    if not isinstance(option, dict) or any(key not in option for key in value):
        return False
    for key, item in value.items():
        if _plain(item) not in [_plain(accepted) for accepted in option[key]]:
            return False
    return all(key in value or "" in accepted for key, accepted in option.items())


def _plain(value: Any) -> Any:
    return _IGNORED.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value
