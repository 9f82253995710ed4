"""What is at a path of a JSON Schema, and whether one schema's values can be another's. Knows no recipe.

Only what is certain is reported: a schema that says nothing fits everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

Schema = Mapping[str, Any]
ANY: Schema = {}
_DEEPEST = 32
_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "integer",
    "boolean": "yes/no",
    "array": "list",
    "object": "record",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A path that is not there: where it breaks off, and what there is instead."""

    part: str | int
    fields: tuple[str, ...]
    is_list: bool = False
    kind: str = "record"


def at_path(schema: Schema, path: tuple[str | int, ...]) -> Schema | Missing:
    """The schema of what is at a path, ANY where nothing is known, or where the path breaks off."""
    here, root = resolved(schema, schema), schema
    for part in path:
        options = [resolved(one, root) for one in here.get("anyOf", here.get("oneOf", ())) or ()]
        if options:
            rest = [one for one in options if one.get("type") != "null"]
            if len(rest) != 1:
                return ANY
            here = rest[0]
        kind = here.get("type")
        if kind == "array":
            if not isinstance(part, int):
                return Missing(part, (), is_list=True)
            here = resolved(here.get("items", ANY), root)
        elif kind == "object" or "properties" in here:
            fields: Mapping[str, Any] = here.get("properties", {})
            if str(part) in fields:
                here = resolved(fields[str(part)], root)
            elif here.get("additionalProperties") is False or fields:
                return Missing(part, tuple(fields))
            else:
                rest_of = here.get("additionalProperties")
                here = resolved(cast("Schema", rest_of), root) if isinstance(rest_of, dict) else ANY
        elif kind is None and "enum" not in here:
            return ANY
        else:
            return Missing(part, (), kind=in_words(here))
    return _with_definitions(here, root)


def resolved(schema: Schema, root: Schema) -> Schema:
    """The schema with references to the root's definitions followed, and the definitions kept."""
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
            break
        schema = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), ANY)
    return _with_definitions(schema, root)


def _with_definitions(schema: Schema, root: Schema) -> Schema:
    if "$defs" in root and "$defs" not in schema and schema:
        return {**schema, "$defs": root["$defs"]}
    return schema


def item_of(schema: Schema) -> Schema | None:
    """The schema of a list's items, ANY where it is not known, None where it is no list."""
    here = resolved(schema, schema)
    kind = here.get("type")
    if kind == "array":
        return resolved(here.get("items", ANY), here)
    options = here.get("anyOf", here.get("oneOf"))
    if options:
        lists = [item_of(resolved(one, here)) for one in options]
        found = [one for one in lists if one is not None]
        return found[0] if len(found) == 1 else (ANY if found else None)
    return ANY if kind is None and "enum" not in here and "properties" not in here else None


def fits(given: Schema, wanted: Schema) -> bool:
    """Whether some value of one schema can be a value of the other; True where that is not known."""
    return _fits(given, wanted, given, wanted, 0)


def _fits(given: Schema, wanted: Schema, root_given: Schema, root_wanted: Schema, depth: int) -> bool:
    given, wanted = resolved(given, root_given), resolved(wanted, root_wanted)
    if depth > _DEEPEST or not given or not wanted:
        return True
    for one in given.get("anyOf", given.get("oneOf", ())) or ():
        if _fits(one, wanted, given, wanted, depth + 1):
            return True
    if given.get("anyOf") or given.get("oneOf"):
        return False
    options = wanted.get("anyOf") or wanted.get("oneOf")
    if options:
        return any(_fits(given, one, given, wanted, depth + 1) for one in options)
    kinds, wants = kinds_of(given), kinds_of(wanted)
    if not kinds or not wants:
        return True
    if "number" in wants:
        wants = wants | {"integer"}
    if "number" in kinds:
        kinds = kinds | {"integer"}
    if not kinds & wants:
        return False
    if "enum" in given and "enum" in wanted:
        return bool(set(map(str, given["enum"])) & set(map(str, wanted["enum"])))
    if kinds == wants == {"array"}:
        inner, outer = given.get("items", ANY), wanted.get("items", ANY)
        return _fits(inner, outer, given, wanted, depth + 1)
    return True


def kinds_of(schema: Schema) -> set[str]:
    """The JSON types that a schema names; empty where it names none."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return {kind}
    if isinstance(kind, list):
        return set(cast("list[str]", kind))
    values = schema.get("enum", [schema["const"]] if "const" in schema else ())
    return {_kind(value) for value in values}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "null" if value is None else ("array" if isinstance(value, list) else "object")


def in_words(schema: Schema) -> str:
    """A schema as a recipe's author would say it."""
    here = resolved(schema, schema)
    options = here.get("anyOf", here.get("oneOf"))
    if options:
        return " or ".join(dict.fromkeys(in_words(resolved(one, here)) for one in options))
    if "enum" in here:
        return f"one of {', '.join(map(str, here['enum'][:8]))}"
    if here.get("type") == "array":
        items = here.get("items")
        return f"list of {in_words(resolved(items, here))}" if items else "list"
    if here.get("properties"):
        return f"record of {', '.join(list(here['properties'])[:8])}"
    return " or ".join(_WORDS.get(kind, kind) for kind in sorted(kinds_of(here))) or "any value"
