"""`$name.field.0` and `$ref op value`: the only two things in a recipe that are read. Nothing is computed.

A text that begins with `$$` is the text from its second `$` on.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal, cast

from prudent_agents.plan import LETTERS, Condition, Given, Ref
from prudent_agents.values import JSON

_REFERENCE = re.compile(rf"^\$([{LETTERS}][{LETTERS}0-9_-]*)((?:\.[{LETTERS}0-9_][{LETTERS}0-9_ -]*)*)$")
_CONDITION = re.compile(r"^\s*(?P<left>\S+)\s+(?P<op>==|!=|<=|>=|<|>|in)\s+(?P<right>.+?)\s*$")
_Op = Literal["==", "!=", "<", "<=", ">", ">=", "in"]


def is_reference(value: Any) -> bool:
    """Whether a value is meant as a reference: a text that begins with one `$`."""
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def parse_reference(text: str) -> Ref | None:
    """Read `$step`, `$step.field` or `$step.0.field`; None where it is none."""
    match = _REFERENCE.match(text.strip())
    if match is None:
        return None
    parts = [part for part in match[2].split(".") if part]
    return Ref(step=match[1], path=tuple(int(part) if part.isdigit() else part for part in parts))


def literal(value: Any) -> JSON:
    """A value that is no reference, as it is meant."""
    return value[1:] if isinstance(value, str) and value.startswith("$$") else value


def parse_condition(text: str) -> Condition | None:
    """Read `$ref op value`, the value a literal or `$parameter`; None where it is none.

    Literals are JSON (`3`, `true`, `["a", "b"]`), words in quotes, or words without.
    """
    match = _CONDITION.match(text)
    left = parse_reference(match["left"]) if match else None
    if match is None or left is None:
        return None
    right = match["right"]
    if is_reference(right):
        reference = parse_reference(right)
        return reference and Condition(left=left, op=cast("_Op", match["op"]), right=reference)
    return Condition(left=left, op=cast("_Op", match["op"]), right=Given(value=_literal(right)))


def _literal(text: str) -> JSON:
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        pass
    if text.startswith("[") and text.endswith("]"):
        return [_literal(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    words = {"yes": True, "no": False}
    if text in words:
        return words[text]
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _no_number(text: str) -> JSON:
    raise ValueError(text)
