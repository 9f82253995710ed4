"""JSON Schemas of tools' parameters in the form that arguments are asked for in: bounded, and closed.

What the bounded schema accepts the original accepts. Bounds that the author gave stay; where there is none,
digits, characters and items are limited, because a small model left to itself fills them until it is cut off.
Knows no grammar language.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from prudent.errors import GrammarError
from prudent.generation.grammar import JsonSchema
from prudent.generation.grammar.definitions import define

Json = dict[str, Any]

MOST_CHARACTERS = 1000
MOST_ITEMS = 16
MOST_PROPERTIES = 16
DEPTH_LIMIT = 16
_MOST_LOOSENED = 64

_ANNOTATIONS = frozenset(
    [
        "$comment",
        "$id",
        "$schema",
        "default",
        "deprecated",
        "description",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    ]
)
_BY_TYPE: dict[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "boolean": frozenset(),
    "null": frozenset(),
}
SCALARS: Json = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool: its author's schema, and what of it is enforced."""

    name: str
    schema: Json
    required: bool
    enforced: Json

    @property
    def description(self) -> str:
        """What its author says of it."""
        return str(self.schema.get("description", ""))


@dataclass(frozen=True, slots=True)
class Parameters:
    """The arguments of a tool, in the order of their schema."""

    arguments: tuple[Argument, ...]


def parameters_of(schema: Json | None, *, strict: bool) -> Parameters:
    """Read the schema of a tool's parameters.

    `strict` makes a keyword that cannot be enforced an error; without it such keywords are left to the model.

    Raises:
        GrammarError: it is not that of an object, is malformed, or has what cannot be enforced.
    """
    if not schema:
        return Parameters(())
    properties: Any = schema.get("properties") or {}
    required: Any = schema.get("required") or []
    if (
        schema.get("type", "object") != "object"
        or not isinstance(properties, dict)
        or not isinstance(required, list)
    ):
        raise GrammarError(
            "`parameters` must be the JSON Schema of an object.",
            hint='Give {"type": "object", "properties": {...}}.',
        )
    beside = schema.keys() - _BY_TYPE["object"] - _ANNOTATIONS - {"type", "$defs", "definitions"}
    if strict and beside:
        raise GrammarError(f"'{min(beside)}' beside the properties cannot be enforced.")
    named = cast("dict[str, Any]", properties)
    needed = cast("list[Any]", required)
    missing = [name for name in needed if name not in named]
    if missing:
        raise GrammarError(f"`required` names {missing[0]!r}, which is not in `properties`.")
    definitions = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    return Parameters(
        tuple(
            Argument(
                name, _object(part, name), name in needed, _enforced(_object(part, name), definitions, strict)
            )
            for name, part in named.items()
        )
    )


def _object(part: Any, name: str) -> Json:
    if part is True:
        return {}
    if not isinstance(part, dict):
        raise GrammarError(f"The schema of {name!r} is not an object.")
    return cast("Json", part)


def _enforced(part: Json, definitions: Json, strict: bool) -> Json:
    """The schema with the definitions it may refer to; without `strict`, without what cannot be enforced."""
    if is_plain(part):
        return part
    whole = {**part, **definitions}
    for _ in range(_MOST_LOOSENED):
        try:
            define(JsonSchema(json.dumps(whole)))
            return whole
        except GrammarError as error:
            keyword, pointer = error.details.get("keyword"), error.details.get("pointer")
            if strict or not isinstance(keyword, str) or not isinstance(pointer, str):
                raise
            whole = _without(whole, keyword, pointer)
    raise GrammarError("Too much of the schema cannot be enforced.")


def _without(schema: Json, keyword: str, pointer: str) -> Json:
    """A copy that lacks a keyword of the schema that a JSON pointer leads to."""
    copy: Json = json.loads(json.dumps(schema))
    place: Any = copy
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        key: Any = int(name) if isinstance(place, list) else name
        place = cast("Any", place)[key]
    if not isinstance(place, dict) or keyword not in place:
        raise GrammarError(f"'{keyword}' at {pointer or 'the root'} cannot be enforced.")
    del place[keyword]
    return copy


def is_plain(schema: Json) -> bool:
    """Whether every keyword is one that `bounded` keeps to the letter; others are for a full compiler."""
    if "enum" in schema or "const" in schema:
        return not (schema.keys() - _ANNOTATIONS - {"enum", "const", "type"})
    if "anyOf" in schema:
        return not (schema.keys() - _ANNOTATIONS - {"anyOf"}) and all(map(is_plain, schema["anyOf"]))
    kind = schema.get("type")
    if kind is None:
        return not (schema.keys() - _ANNOTATIONS)
    kinds = cast("list[Any]", kind) if isinstance(kind, list) else [kind]
    if any(one not in _BY_TYPE for one in kinds):
        return False
    known = frozenset[str]().union(*(_BY_TYPE[one] for one in kinds))
    return not (schema.keys() - _ANNOTATIONS - {"type"} - known) and all(map(is_plain, _parts(schema)))


def _parts(schema: Json) -> list[Json]:
    parts = list(cast("dict[str, Json]", schema.get("properties") or {}).values())
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            parts.append(schema[key])
    return parts


def bounded(schema: Json, depth: int = 0) -> Json:
    """A plain schema with every size bounded; `additionalProperties` is false unless it has a schema.

    Raises:
        GrammarError: it is nested too deeply.
    """
    if depth > DEPTH_LIMIT:
        raise GrammarError(f"A schema is nested deeper than {DEPTH_LIMIT} levels.", param="tools")
    if "const" in schema:
        return {"enum": [schema["const"]]} if _fits(schema["const"], schema) else {"enum": []}
    if "enum" in schema:
        return {"enum": [value for value in schema["enum"] if _fits(value, schema)]}
    if "anyOf" in schema:
        return {"anyOf": [bounded(part, depth + 1) for part in schema["anyOf"]]}
    kind = schema.get("type")
    if kind is None:
        return bounded(SCALARS, depth + 1)
    if isinstance(kind, list):
        kinds = cast("list[str]", kind)
        return {"anyOf": [bounded({**schema, "type": one}, depth) for one in kinds]}
    return {"type": kind, **_bounds(schema, str(kind), depth)}


def _bounds(schema: Json, kind: str, depth: int) -> Json:
    if kind == "string":
        least = int(schema.get("minLength", 0))
        return {
            "minLength": least,
            "maxLength": min(int(schema.get("maxLength", MOST_CHARACTERS)), least + MOST_CHARACTERS),
        }
    if kind in ("integer", "number"):
        return {key: schema[key] for key in _BY_TYPE["number"] if key in schema}
    if kind == "array":
        least = int(schema.get("minItems", 0))
        return {
            "items": bounded(schema.get("items") or SCALARS, depth + 1),
            "minItems": least,
            "maxItems": min(int(schema.get("maxItems", MOST_ITEMS)), least + MOST_ITEMS),
        }
    if kind == "object":
        return _object_bounds(schema, depth)
    return {}


def _object_bounds(schema: Json, depth: int) -> Json:
    properties = cast("dict[str, Json]", schema.get("properties") or {})
    extra = schema.get("additionalProperties")
    if not properties and (isinstance(extra, dict) or extra is None or extra is True):
        values = cast("Json", extra) if isinstance(extra, dict) else SCALARS
        return {"additionalProperties": bounded(values, depth + 1), "maxProperties": MOST_PROPERTIES}
    return {
        "properties": {name: bounded(part, depth + 1) for name, part in properties.items()},
        "required": [name for name in cast("list[str]", schema.get("required") or []) if name in properties],
        "additionalProperties": False,
    }


def _fits(value: Any, schema: Json) -> bool:
    """Whether an enum's value is of the type that stands beside it."""
    kind = schema.get("type")
    if kind is None:
        return True
    kinds = cast("list[Any]", kind) if isinstance(kind, list) else [kind]
    return any(_is(value, one) for one in kinds)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    match kind:
        case "integer":
            return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        case "number":
            return isinstance(value, int | float)
        case "string":
            return isinstance(value, str)
        case "null":
            return value is None
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return False
