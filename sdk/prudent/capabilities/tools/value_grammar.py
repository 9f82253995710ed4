"""A bounded schema as a grammar of one value, in llguidance's dialect of Lark.

Written with one space after `:` and `,`, as models have read JSON a million times; a schema with a keyword
beyond `schema` goes to llguidance's own compiler whole. Where the
request speaks of numbers, one of more than two digits is one of those: a small model that may go on writing
zeros does. Knows no tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from prudent.capabilities.tools.schema import Json, bounded, is_plain
from prudent.errors import GrammarError

FREE_DIGITS = 4
_MOST_DIGITS = 15
_DECIMALS = 10
_FIRST = r'(?:[^"\\\x00-\x20\x7f]|\\["\\\/bfnrt])'
_CHARACTER = r'(?:[^"\\\x00-\x1f\x7f]|\\["\\\/bfnrt])'


def value_grammar(schema: Json, numbers: Sequence[float]) -> str:
    """The grammar of a space, a value of the schema, and the comma or brace that ends it.

    Without that end a model that is done with a number could only choose between another digit and the end of
    its answer, and takes the digit. `numbers` are those that the request speaks of.

    Raises:
        GrammarError: no value satisfies the schema.
    """
    if is_plain(schema):
        rules = _Rules(numbers)
        rules.add("start", f'" " {rules.value(bounded(schema))} {_END}')
        return rules.text
    return f'start: " " value {_END}\nvalue: %json {json.dumps(schema)}\n'


_END = '("," | "}")'


class _Rules:
    """The rules of one grammar, numbered as they come."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self._lines: list[str] = []
        self._count = 0
        self._spoken = sorted({_spelled(number) for number in numbers}, key=len, reverse=True)

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def add(self, name: str, body: str) -> str:
        self._lines.append(f"{name}: {body}")
        return name

    def value(self, schema: Json) -> str:
        """The name of a rule for values of a bounded schema."""
        if "enum" in schema:
            return self._either([_literal(json.dumps(value, ensure_ascii=False)) for value in schema["enum"]])
        if "anyOf" in schema:
            return self._either([self.value(part) for part in schema["anyOf"]])
        match schema["type"]:
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                least, most = schema["minLength"], schema["maxLength"]
                return self._terminal(_string(least, most))
            case "integer" | "number" as kind:
                return self._number(schema, kind)
            case "boolean":
                return self._either(['"true"', '"false"'])
            case _:
                return self._either(['"null"'])

    def _either(self, choices: list[str]) -> str:
        if not choices:
            raise GrammarError("A schema allows no value at all.", param="tools")
        return self._new("(" + " | ".join(choices) + ")")

    def _new(self, body: str) -> str:
        self._count += 1
        return self.add(f"r{self._count}", body)

    def _terminal(self, regex: str) -> str:
        self._count += 1
        return self.add(f"T{self._count}", f"/{regex}/")

    def _number(self, schema: Json, kind: str) -> str:
        limits = {key: value for key, value in schema.items() if key != "type"}
        if limits:
            reach = 10**_MOST_DIGITS
            closed = {"type": kind, "minimum": -reach, "maximum": reach, **limits}
            return self._new(f"%json {json.dumps(closed)}")
        spoken = [text for text in self._spoken if kind == "number" or re.fullmatch(r"-?\d+", text)]
        digits, decimals = (2, 2) if self._spoken else (FREE_DIGITS, _DECIMALS)
        free = rf"-?(?:0|[1-9][0-9]{{0,{digits - 1}}})"
        if kind == "number":
            free += rf"(?:\.[0-9]{{1,{decimals}}})?"
        options = [rf"-?{re.escape(text.lstrip('-'))}" for text in spoken]
        return self._terminal("|".join([*options, free]).replace("/", r"\/"))

    def _array(self, schema: Json) -> str:
        item = self.value(schema["items"])
        least, most = schema["minItems"], schema["maxItems"]
        if most == 0:
            return self._new('"[]"')
        some = self._new(f'"[" {item} (", " {item}){{{max(least - 1, 0)},{most - 1}}} "]"')
        return some if least else self._either([some, '"[]"'])

    def _object(self, schema: Json) -> str:
        if "properties" not in schema:
            name = self._terminal(f'"{_CHARACTER}{{1,64}}"')
            pair = self._new(f'{name} ": " {self.value(schema["additionalProperties"])}')
            filled = self._new(f'"{{" {pair} (", " {pair}){{0,{schema["maxProperties"] - 1}}} "}}"')
            return self._either([filled, '"{}"'])
        required = set(schema["required"])
        members = [
            (
                self._new(f"{_literal(json.dumps(name, ensure_ascii=False) + ': ')} {self.value(part)}"),
                name in required,
            )
            for name, part in schema["properties"].items()
        ]
        return self._new(f'"{{" {self._members(members)} "}}"')

    def _members(self, members: list[tuple[str, bool]]) -> str:
        """Members in their order, with commas between those that are there; built from the last one."""
        after = '""'
        first = '""'
        for rule, required in reversed(members):
            here = self._new(f"{rule} {after}")
            first = here if required else self._either([here, first])
            with_comma = self._new(f'", " {here}')
            after = with_comma if required else self._either([with_comma, after])
        return first


def _string(least: int, most: int) -> str:
    """A string that begins with no space, unless it is one: small models like to put one there."""
    if most == 0:
        return '""'
    after = f"{_CHARACTER}{{{max(least - 1, 0)},{most - 1}}}"
    short = "| |" if least == 0 else " |" if least == 1 else ""
    return f'"(?:{short}{_FIRST}{after})"'


def _literal(text: str) -> str:
    """A text as a string literal of Lark."""
    return json.dumps(text, ensure_ascii=True)


def _spelled(number: float) -> str:
    """A number without an exponent, as JSON has it."""
    if number.is_integer():
        return str(int(number))
    return f"{number:.12f}".rstrip("0")


def string_of(value: Any) -> str:
    """JSON text in the spacing of the grammars here."""
    return json.dumps(value, ensure_ascii=False)
