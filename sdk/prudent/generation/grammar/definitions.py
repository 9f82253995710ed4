"""A caller's grammar to llguidance's definition of it, or an error that says what is wrong with it.

It knows what may be promised for each kind; not how a definition is compiled for a vocabulary.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from prudent.errors import GrammarError
from prudent.generation.grammar.complaints import readable
from prudent.generation.grammar.json_schema import EnforceableSchema, enforceable
from prudent.generation.grammar.lark import with_schemas
from prudent.generation.grammar.matcher import (
    ON_LINES,
    ON_ONE_LINE,
    complaint,
    json_schema_definition,
    lark_definition,
    regex_definition,
)
from prudent.generation.grammar.pattern import PatternError, literal, translate
from prudent.generation.grammar.repair import settled
from prudent.generation.grammar.sources import Choice, GrammarSource, JsonObject, JsonSchema, Lark, Regex
from prudent.generation.grammar.stacking import MOST_PATTERNS, stacked_patterns

_MOST_CHOICE = 2**18


@dataclass(frozen=True, slots=True)
class Definition:
    """A grammar in llguidance's words. `left_out` names what of a schema is left to the model."""

    text: str
    left_out: tuple[str, ...] = ()


def define(source: GrammarSource) -> Definition:
    """Check a grammar and put it in llguidance's words.

    Raises:
        GrammarError: it is wrong, too large, or asks for what cannot be enforced; the message says what and
            where.
    """
    match source:
        case JsonObject():
            return Definition(json_schema_definition({"type": "object"}, ON_LINES))
        case JsonSchema(schema=text, strict=strict):
            return _schema(text, strict=strict)
        case Regex(pattern=pattern):
            return _regex(pattern)
        case Choice(choices=choices):
            return _choice(choices)
        case Lark(grammar=grammar):
            return Definition(lark_definition(with_schemas(grammar, _embedded)))


def _schema(text: str, *, strict: bool) -> Definition:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GrammarError("The schema is not JSON, or is nested too deep.") from error
    if not isinstance(value, dict):
        raise GrammarError("The schema is not an object.")
    schema = _bounded(cast("dict[str, Any]", value), strict=strict)
    definition = settled(schema, strict=strict)
    return Definition(definition, tuple(schema.left_out))


def _bounded(value: dict[str, Any], *, strict: bool) -> EnforceableSchema:
    schema = enforceable(value, strict=strict)
    stacked = stacked_patterns(schema.root, schema.definitions)
    if stacked > MOST_PATTERNS:
        raise GrammarError(
            f"Up to {stacked} patterns and formats meet in one string of the schema; "
            f"the limit is {MOST_PATTERNS}.",
            hint="Write them as one.",
        )
    return schema


def _embedded(value: dict[str, Any]) -> dict[str, Any]:
    schema = _bounded(value, strict=True)
    settled(schema, strict=True)
    return {"x-guidance": ON_ONE_LINE, **schema.whole()}


def _regex(pattern: str) -> Definition:
    try:
        definition = regex_definition(translate(pattern))
    except PatternError as error:
        raise GrammarError(f"The regular expression cannot be enforced: {error}.") from error
    message = complaint(definition)
    if message is not None:
        raise GrammarError(f"The regular expression is not valid: {readable(message, with_place=False)}.")
    return Definition(definition)


def _choice(choices: tuple[str, ...]) -> Definition:
    if not choices:
        raise GrammarError("There is nothing to choose from.")
    if (length := sum(map(len, choices))) > _MOST_CHOICE:
        raise GrammarError(f"The choices have {length} characters; the limit is {_MOST_CHOICE}.")
    seen: set[str] = set()
    for choice in choices:
        if not choice:
            raise GrammarError("A choice is empty.", hint="Name it, for example 'none'.")
        if choice in seen:
            raise GrammarError(f"The choice {choice!r:.80} is there twice.")
        seen.add(choice)
    try:
        return Definition(regex_definition("|".join("".join(map(literal, choice)) for choice in choices)))
    except PatternError as error:
        raise GrammarError(f"A choice cannot be written: {error}.") from error
