"""What a model filled into a field that may be empty, and that no text says: a date for `before Friday`.

Asks no model. Fields that must have a value are not judged: they may be worked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from prudent_agents.grounding.facts import numbers, stated
from prudent_agents.values import JSON

Place = tuple[str | int, ...]
"""Where a value stands: names of fields and positions."""
_DIGITS = re.compile(r"\d+")


def unfounded(data: JSON, schema: Mapping[str, Any], text: str) -> dict[Place, str]:
    """The texts in fields that may be empty which have a number that the text does not have."""
    held = {one.lstrip("0") for one in (*_DIGITS.findall(text), *numbers(text))}
    return {
        place: value
        for place, value in _optional(data, schema)
        if not stated(value, text) and any(one.lstrip("0") not in held for one in _DIGITS.findall(value))
    }


def emptied(data: JSON, places: Sequence[Place]) -> JSON:
    """The data with nothing at these places."""
    if () in places:
        return None
    inside = {place[0]: [one[1:] for one in places if one[0] == place[0]] for place in places}
    if isinstance(data, dict):
        record = cast("dict[str, JSON]", data)
        return {name: emptied(one, inside.get(name, ())) for name, one in record.items()}
    if isinstance(data, list):
        items = cast("list[JSON]", data)
        return [emptied(one, inside.get(at, ())) for at, one in enumerate(items)]
    return data


def _optional(data: JSON, schema: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every text that stands where there might be nothing."""
    options = cast("list[Mapping[str, Any]]", schema.get("anyOf", []))
    if any(one.get("type") == "null" for one in options):
        if isinstance(data, str):
            yield (), data
            return
        schema = next((one for one in options if one.get("type") != "null"), schema)
    if isinstance(data, dict):
        fields = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties", {}))
        for name, one in cast("dict[str, JSON]", data).items():
            yield from (((name, *place), value) for place, value in _optional(one, fields.get(name, {})))
    elif isinstance(data, list):
        items = cast("Mapping[str, Any]", schema.get("items", {}))
        for at, one in enumerate(cast("list[JSON]", data)):
            yield from (((at, *place), value) for place, value in _optional(one, items))
