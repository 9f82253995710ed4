"""Tools as a model reads them: a card each, one line and a line an argument. Schemas stay in the grammar.

The texts here were chosen by measuring (benchmarks/tools.py). Knows no template and no tokens.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from prudent.capabilities.tools.schema import Argument, Json, Parameters

CALL_OPENING = "<tool_call>"
CALL_CLOSING = "</tool_call>"

_INTRODUCTION = "Answer the request with function calls."
_FORM = (
    "For each function call, return a json object with function name and arguments within "
    f"{CALL_OPENING}{CALL_CLOSING} XML tags:\n{CALL_OPENING}\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n'
    f"{CALL_CLOSING}"
)


@dataclass(frozen=True, slots=True)
class PreparedTool:
    """A tool with its parameters read and its card written."""

    name: str
    description: str
    parameters: Parameters

    @property
    def card(self) -> str:
        """The tool for a model to read."""
        arguments = self.parameters.arguments
        signature = ", ".join(
            f"{argument.name}{'' if argument.required else '?'}: {kind_of(argument.schema)}"
            for argument in arguments
        )
        lines = [f"- {self.name}({signature}): {self.description}"]
        lines += [f"    {argument.name}: {_about(argument)}" for argument in arguments]
        return "\n".join(lines)

    @property
    def gist(self) -> str:
        """The tool for an encoder to compare with a request."""
        return f"{_spaced(self.name)}: {self.description}"


def tools_prompt(tools: Sequence[PreparedTool]) -> str:
    """What the system message says of the tools."""
    cards = "\n".join(tool.card for tool in tools)
    return f"{_INTRODUCTION}\n\n# Tools\n\n{cards}\n\n{_FORM}"


def kind_of(schema: Json) -> str:
    """A schema's type in a word or two."""
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(map(str, cast("list[Any]", kind)))
    if kind is None:
        return "enum" if "enum" in schema else "any"
    items = schema.get("items")
    if kind == "array" and isinstance(items, dict) and "type" in items:
        return f"array of {kind_of(cast('Json', items))}"
    return str(kind)


def _about(argument: Argument) -> str:
    schema = argument.schema
    parts = [argument.description] if argument.description else []
    if "enum" in schema:
        parts.append(f"One of {json.dumps(schema['enum'], ensure_ascii=False)}.")
    if "default" in schema:
        parts.append(f"Default {json.dumps(schema['default'], ensure_ascii=False)}.")
    fields = schema.get("properties")
    if isinstance(fields, dict) and fields:
        named = cast("dict[str, Json]", fields)
        parts.append("Fields: " + ", ".join(_field(name, part) for name, part in named.items()))
    return " ".join(parts)


def _field(name: str, schema: Json) -> str:
    about = str(schema.get("description", ""))
    return f"{name} ({kind_of(schema)}){' ' if about else ''}{about}"


def _spaced(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")
