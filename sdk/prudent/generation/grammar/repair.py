"""What llguidance finds wrong with a schema only when it puts it together: where that is, and what to do.

Its messages name no place. The place is found by handing it one inner schema after another. Knows the
messages of llguidance 1.9.1; one that it does not know is an error without a place.
"""

from __future__ import annotations

import time
from typing import Final

from prudent.errors import GrammarError
from prudent.generation.grammar.complaints import readable
from prudent.generation.grammar.json_schema import EnforceableSchema, Place, refusal
from prudent.generation.grammar.matcher import complaint, json_schema_definition

_SECONDS = 2.0
_MOST_REPAIRS = 64

_INTERSECTING = ("allOf", "$ref", "anyOf", "oneOf")
_IN_STRINGS = ("pattern", "format", "minLength", "maxLength", "patternProperties", "enum", "const")
_IN_NUMBERS = ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_CAUSES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "oneOf constraints": (("oneOf",), "cannot be enforced: its schemas are not seen to exclude each other"),
    "min/maxProperties": (
        ("minProperties", "maxProperties"),
        "cannot be enforced beside properties that are not required",
    ),
    "patternProperty": (
        ("patternProperties",),
        "cannot be enforced: its patterns are not seen to exclude each other",
    ),
    "circular references": (("$ref",), "cannot be enforced: it leads back to a schema that it is part of"),
    "intersection stack": (_INTERSECTING, "cannot be enforced: it is nested too deep"),
    "schema too large": (_INTERSECTING, "cannot be enforced: there are too many combinations"),
    "if regex is empty": (
        (*_IN_STRINGS, *_INTERSECTING),
        "cannot be enforced together with the rest: it is too complex",
    ),
    "regex for": ((*_IN_NUMBERS, *_INTERSECTING), "cannot be enforced: the number is too large"),
    "'multipleOf' has": (("multipleOf", *_INTERSECTING), "cannot be enforced: it has too many digits"),
    "fuel exhausted": ((*_IN_STRINGS, *_IN_NUMBERS), "cannot be enforced: it is too complex"),
    "regex": ((*_IN_STRINGS, *_INTERSECTING), "is not valid"),
}
"""By what the message holds: the keywords that may be the cause, and what is said of them."""


def settled(schema: EnforceableSchema, *, strict: bool) -> str:
    """llguidance's definition of the schema; what it cannot put together is left out where not `strict`.

    Raises:
        GrammarError: what cannot be put together is named, with its place where it is found in time; or no
            value satisfies the schema.
    """
    for _ in range(_MOST_REPAIRS):
        definition = json_schema_definition(schema.whole())
        message = complaint(definition)
        if message is None:
            return definition
        if message.startswith("Unsatisfiable"):
            reason = readable(message).removeprefix("Unsatisfiable schema: ")
            raise GrammarError(f"No value satisfies the schema: {reason}.")
        place, why = _cause(schema, message)
        if place is None or strict:
            raise _error(place, why, message)
        _leave_out(schema, place)
    raise GrammarError(f"The schema has more than {_MOST_REPAIRS} keywords that cannot be enforced.")


def _cause(schema: EnforceableSchema, message: str) -> tuple[Place | None, str]:
    kind = next((kind for kind in _CAUSES if kind in message), None)
    if kind is None:
        return None, ""
    keywords, why = _CAUSES[kind]
    ends = time.monotonic() + _SECONDS
    for place in schema.places:
        if place.keyword not in keywords or place.keyword not in place.schema:
            continue
        if time.monotonic() > ends:
            break
        own = complaint(json_schema_definition(schema.whole(place.schema)))
        if own is not None and kind in own:
            return place, why
    names = " or ".join(repr(keyword) for keyword in keywords[:3])
    return None, f"{names} {why}"


def _error(place: Place | None, why: str, message: str) -> GrammarError:
    if place is not None:
        return refusal(place.keyword, place.pointer, why)
    return GrammarError(f"The schema cannot be enforced: {why or readable(message)}.")


def _leave_out(schema: EnforceableSchema, place: Place) -> None:
    schema.left_out.append(str(place))
    value = place.schema.pop(place.keyword)
    if place.keyword == "oneOf":  # one of them at least can still be enforced
        place.schema["allOf"] = [*place.schema.get("allOf", []), {"anyOf": value}]
    elif place.keyword == "patternProperties" and "additionalProperties" in place.schema:
        # Names of a pattern must not fall to the rule for all others.
        del place.schema["additionalProperties"]
        schema.left_out.append(f"'additionalProperties' at {place.pointer or 'the root'}")
