"""Values that go from step to step: JSON with a label, and digests of what is too large. Knows no step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from prudent_agents.labels import TRUSTED, Label

JSON = Any
"""None, a bool, number or string, or lists and string-keyed dictionaries of them."""

_SHOWN_ITEMS = 5
_SHOWN_CHARACTERS = 600
_SHOWN_DEPTH = 3


class Value(BaseModel):
    """A JSON value with the label that says where it came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: JSON = None
    label: Label = TRUSTED


def canonical(data: JSON) -> str:
    """The one way to write a JSON value: keys sorted, no spaces. For digests and comparisons."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(data: JSON, *, characters: int = _SHOWN_CHARACTERS) -> str:
    """A value as a model is shown it: short values whole, long ones by their beginning and size."""
    data = _passages(data) or data
    if isinstance(data, str):
        return data if len(data) <= characters else f"{data[:characters]}… ({len(data):,} characters in all)"
    shown = json.dumps(_cut(data, _SHOWN_DEPTH), ensure_ascii=False)
    return shown if len(shown) <= characters else f"{shown[:characters]}…"


def in_words(data: JSON, *, characters: int = _SHOWN_CHARACTERS) -> str:
    """A value as a person is shown it: `degrees 15, sky clear`; empty where there is nothing in it."""
    if data is None or data == {} or data == []:
        return ""
    if isinstance(data, Mapping):
        record = cast("Mapping[str, Any]", data)
        if not any(isinstance(one, Mapping | list) for one in record.values()):
            said = (f"{name.replace('_', ' ')} {_word(one)}" for name, one in record.items())
            return digest(", ".join(said), characters=characters)
    return digest(data, characters=characters)


def _word(data: JSON) -> str:
    return data if isinstance(data, str) else json.dumps(data)


def _passages(data: JSON) -> str | None:
    """Numbered passages as lines of text, so that they can be cited; None where it is something else."""
    items = cast("list[Any]", data) if isinstance(data, list) else []
    if not items or not all(isinstance(one, dict) and {"number", "text"} <= one.keys() for one in items):
        return None
    passages = cast("list[dict[str, Any]]", items)
    return "\n".join(f"[{one['number']}] {' '.join(str(one['text']).split())}" for one in passages)


def deeper_than(data: object, levels: int) -> bool:
    """Whether lists and records stand in each other more often than that; something in itself always does."""
    level: list[Any] = [data]
    for _ in range(levels + 1):
        holders = cast("list[Any]", [one for one in level if isinstance(one, dict | list | tuple)])
        holding = {id(one): one for one in holders}
        if not holding:
            return False
        level = [
            inside
            for one in holding.values()
            for inside in cast("list[Any]", one.values() if isinstance(one, dict) else one)
        ]
    return True


def outline(data: JSON) -> str:
    """The form of a value without any of its text: what one who chooses may know of an untrusted value."""
    if data is None or isinstance(data, bool | int | float):
        return json.dumps(data)
    if isinstance(data, str):
        return f"text of {len(data):,} characters"
    if isinstance(data, list):
        return f"list of {len(cast('list[Any]', data)):,}"
    return f"record of {len(cast('dict[str, Any]', data))} fields"


def _cut(data: JSON, depth: int) -> JSON:
    """The value with long lists and deep records cut short."""
    if isinstance(data, Mapping):
        record = cast("Mapping[str, Any]", data)
        if depth == 0:
            return outline(dict(record))
        return {key: _cut(one, depth - 1) for key, one in record.items()}
    if isinstance(data, list):
        items = cast("list[Any]", data)
        if depth == 0:
            return outline(items)
        shown = [_cut(one, depth - 1) for one in items[:_SHOWN_ITEMS]]
        rest = len(items) - len(shown)
        return [*shown, f"… {rest:,} more"] if rest > 0 else shown
    return data
