"""The types of shapes in words as JSON Schema: `text`, `list of number`, `[a, b]`, records. Knows no step.

Schemas keep to what the grammar enforces token by token, so a filled shape is always valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from prudent_agents.recipes.problems import nearest

LONGEST_TEXT = 2_000
"""Characters of a text in a shape."""
LONGEST_LIST = 32
"""Items of a list in a shape."""
MOST_FIELDS = 32
"""Fields of a record in a shape."""
MOST_PARTS = 256
"""Fields, items and records of a shape with all that it contains."""
DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"

WORDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "maxLength": LONGEST_TEXT},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "date": {"type": "string", "pattern": DATE},
    "yes/no": {"type": "boolean"},
}
_LIST = re.compile(r"^list of (.+)$")
_ONE_OF = re.compile(r"^one of \[(.*)\]$")
_SHORT = re.compile(r"^text up to (\d{1,4})$")
_OPTIONAL = " or nothing"

Report = Callable[[tuple[int | str, ...], str, str | None], None]
"""Told of what is wrong: where in the notation, what, and a hint."""


def schema_of(
    notation: Any, shapes: Mapping[str, Any], report: Report, *, name: str | None = None
) -> dict[str, Any]:
    """The JSON Schema of a type in words; what cannot be read is reported and becomes any value.

    `shapes` are the notations of the names that it may use; what is wrong inside those is theirs to report.
    `name` is that of the shape itself, where it has one: a shape that contains itself is reported.
    """
    return _Reader(shapes, report).read(notation, (), () if name is None else (name,))


class _Reader:
    def __init__(self, shapes: Mapping[str, Any], report: Report) -> None:
        self._shapes = shapes
        self._always = report
        self._read = 0
        self._depth = 0

    def _report(self, at: tuple[int | str, ...], message: str, hint: str | None) -> None:
        if self._depth == 0:
            self._always(at, message, hint)

    def read(self, notation: Any, at: tuple[int | str, ...], inside: tuple[str, ...]) -> dict[str, Any]:
        self._read += 1
        if self._read > MOST_PARTS:
            if self._read == MOST_PARTS + 1:
                self._always(at, f"The shape has more than {MOST_PARTS} parts.", "Fill it in several steps.")
            return {}
        if isinstance(notation, list):
            return self._choice(cast("list[Any]", notation), at)
        if isinstance(notation, dict):
            return self._record(cast("dict[str, Any]", notation), at, inside)
        if isinstance(notation, str):
            return self._words(notation.strip(), at, inside)
        self._report(at, f"{notation!r} is no type.", f"Write one of {', '.join(WORDS)}.")
        return {}

    def _words(self, text: str, at: tuple[int | str, ...], inside: tuple[str, ...]) -> dict[str, Any]:
        if text.endswith(_OPTIONAL):
            return {"anyOf": [self.read(text.removesuffix(_OPTIONAL), at, inside), {"type": "null"}]}
        if match := _LIST.match(text):
            return {"type": "array", "items": self.read(match[1], at, inside), "maxItems": LONGEST_LIST}
        if match := _ONE_OF.match(text):
            return self._choice([part.strip().strip("'\"") for part in match[1].split(",")], at)
        if (match := _SHORT.match(text)) and int(match[1]) > 0:
            return {"type": "string", "maxLength": int(match[1])}
        if text in WORDS:
            return dict(WORDS[text])
        if text in inside:
            self._always(at, f"The shape {text} contains itself.", "Shapes must end somewhere.")
            return {}
        if text in self._shapes:
            self._depth += 1
            try:
                return self.read(self._shapes[text], at, (*inside, text))
            finally:
                self._depth -= 1
        known = [*WORDS, *self._shapes]
        self._report(at, f"'{text[:80]}' is no type and no shape.", nearest(text, known))
        return {}

    def _choice(self, options: list[Any], at: tuple[int | str, ...]) -> dict[str, Any]:
        plain = [one for one in options if isinstance(one, str | int | float) and one != ""]
        if len(plain) != len(options) or len(set(map(str, plain))) != len(plain) or not plain:
            self._report(at, "A choice needs different words or numbers.", "For example [low, high].")
            return {}
        return {"enum": plain}

    def _record(
        self, fields: dict[str, Any], at: tuple[int | str, ...], inside: tuple[str, ...]
    ) -> dict[str, Any]:
        if not fields or len(fields) > MOST_FIELDS:
            self._report(at, f"A record has 1 to {MOST_FIELDS} fields.", None)
            return {}
        return {
            "type": "object",
            "properties": {name: self.read(one, (*at, name), inside) for name, one in fields.items()},
            "required": list(fields),
            "additionalProperties": False,
        }
