"""A JSON Schema to one that llguidance enforces whole, or an error that names what it cannot.

llguidance refuses most of what it cannot enforce, but not all: see `keywords`, `formats` and `pattern` for
what is done about keywords, formats and patterns. Here every schema that an instance may meet is looked at,
in whatever draft it is written; what comes out has nothing else in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from prudent.errors import GrammarError
from prudent.generation.grammar import formats
from prudent.generation.grammar.keywords import ANNOTATIONS, REFUSED, TYPES, meant
from prudent.generation.grammar.pattern import PatternError, translate
from prudent.generation.grammar.references import Json, References, Target, escape

Schema: TypeAlias = dict[str, Any] | bool

_MOST_SCHEMAS = 20_000
_DEEPEST = 50
_LARGEST_EXACT = 2**53
# JSON has a short escape for these; the other control characters llguidance leaves out of a literal.
_SHORT_ESCAPES = "\b\t\n\f\r"


@dataclass(frozen=True, slots=True)
class Place:
    """A keyword of the caller's schema, and the schema that it went into."""

    keyword: str
    pointer: str
    schema: dict[str, Any]

    def __str__(self) -> str:
        return f"'{self.keyword}' at {self.pointer or 'the root'}"


@dataclass(slots=True)
class EnforceableSchema:
    """A schema for llguidance. `left_out` names what a schema that is not strict leaves to the model.

    `places` are those of the keywords that llguidance enforces within limits only, the innermost first.
    """

    root: dict[str, Any] = field(default_factory=dict[str, Any])
    definitions: dict[str, Schema] = field(default_factory=dict[str, "Schema"])
    places: list[Place] = field(default_factory=list[Place])
    left_out: list[str] = field(default_factory=list[str])

    def whole(self, schema: dict[str, Any] | None = None) -> dict[str, Any]:
        """The root, or another schema of it, with the definitions that it refers to."""
        return {**(self.root if schema is None else schema), "$defs": self.definitions}


def enforceable(schema: Mapping[str, Json], *, strict: bool) -> EnforceableSchema:
    """Go through a schema.

    Raises:
        GrammarError: it is malformed, too large or nested too deep; or it is strict and has a keyword that
            cannot be enforced. The message names keyword and place, `details` hold them.
    """
    return _Walk(schema, strict=strict).run()


def refusal(keyword: str, pointer: str, why: str = "cannot be enforced") -> GrammarError:
    """The error about one keyword."""
    return GrammarError(
        f"'{keyword}' at {pointer or 'the root'} {why}.",
        hint="Leave it out, or set strict to false to leave it to the model.",
        details={"keyword": keyword, "pointer": pointer},
    )


def _malformed(keyword: str, pointer: str, expected: str) -> GrammarError:
    return GrammarError(
        f"'{keyword}' at {pointer or 'the root'} must be {expected}.",
        details={"keyword": keyword, "pointer": pointer},
    )


class _Walk:
    def __init__(self, document: Mapping[str, Json], *, strict: bool) -> None:
        self._document = document
        self._strict = strict
        self._references = References(document)
        self._names: dict[str, str] = {"": "#"}
        self._waiting: list[Target] = []
        self._inlining: set[str] = set()
        self._count = 0
        self._result = EnforceableSchema()

    def run(self) -> EnforceableSchema:
        root = self._schema(self._document, "", 0, rebased=False)
        self._result.root = root if isinstance(root, dict) else {}
        while self._waiting:
            target = self._waiting.pop()
            name = self._names[target.pointer].removeprefix("#/$defs/")
            self._result.definitions[name] = self._schema(
                target.schema, target.pointer, 0, rebased=target.rebased
            )
        return self._result

    def _schema(self, value: Json, pointer: str, depth: int, *, rebased: bool) -> Schema:
        if isinstance(value, bool):
            return value
        if not isinstance(value, Mapping):
            raise GrammarError(f"The schema at {pointer or 'the root'} is neither an object nor a boolean.")
        self._count += 1
        if depth > _DEEPEST:
            raise GrammarError(f"The schema is nested deeper than {_DEEPEST} levels at {pointer[:200]}.")
        if self._count > _MOST_SCHEMAS:
            raise GrammarError(f"The schema has more than {_MOST_SCHEMAS} schemas in it.")
        schema = cast("Mapping[str, Json]", value)
        return _OneSchema(self, schema, pointer, depth, rebased or self._references.rebases(schema)).run()

    def inner(self, value: Json, pointer: str, depth: int, rebased: bool) -> Schema:
        """Take a schema inside of another."""
        return self._schema(value, pointer, depth + 1, rebased=rebased)

    def reference(self, reference: str) -> str | None:
        """A reference as it reads in the result; None where it leads out of the document."""
        target = self._references.resolve(reference)
        if target is None:
            return None
        if target.pointer not in self._names:
            self._names[target.pointer] = f"#/$defs/{len(self._names)}"
            self._waiting.append(target)
        return self._names[target.pointer]

    def referred(self, reference: str, depth: int) -> Schema | None:
        """The schema itself that a reference leads to; None where it leads out, or back to its own start."""
        target = self._references.resolve(reference)
        if target is None or target.pointer in self._inlining:
            return None
        self._inlining.add(target.pointer)
        try:
            return self._schema(target.schema, target.pointer, depth + 1, rebased=target.rebased)
        finally:
            self._inlining.remove(target.pointer)

    def place(self, keyword: str, pointer: str, schema: dict[str, Any]) -> None:
        """Remember where a keyword went."""
        self._result.places.append(Place(keyword, pointer, schema))

    def refuse(self, keyword: str, pointer: str, why: str = "cannot be enforced") -> None:
        """Fail, or where the schema is not strict leave the keyword out."""
        if self._strict:
            raise refusal(keyword, pointer, why)
        self._result.left_out.append(f"'{keyword}' at {pointer or 'the root'}")


class _OneSchema:
    """One schema object, keyword by keyword, in their order: llguidance writes properties in it."""

    def __init__(
        self, walk: _Walk, source: Mapping[str, Json], pointer: str, depth: int, rebased: bool
    ) -> None:
        self._walk = walk
        self._source = source
        self._pointer = pointer
        self._depth = depth
        self._rebased = rebased
        self._out: dict[str, Any] = {}
        self._also: list[Schema] = []

    def run(self) -> dict[str, Any]:
        for keyword, value in self._source.items():
            handler = _HANDLERS.get(keyword)
            if handler is not None:
                handler(self, keyword, value)
            elif keyword in REFUSED:
                if not self._asks_for_nothing(keyword, value):
                    self._refuse(keyword)
            elif keyword not in ANNOTATIONS and (other := meant(keyword)) is not None:
                self._refuse(keyword, f"is no keyword of JSON Schema (did you mean '{other}'?)")
        if self._also:
            self._out["allOf"] = [*self._out.get("allOf", []), *self._also]
        for keyword in _LIMITED:
            if keyword in self._out:
                self._walk.place(keyword, self._pointer, self._out)
        return self._out

    def _refuse(self, keyword: str, why: str = "cannot be enforced") -> None:
        self._walk.refuse(keyword, self._pointer, why)

    def _malformed(self, keyword: str, expected: str) -> GrammarError:
        return _malformed(keyword, self._pointer, expected)

    def _asks_for_nothing(self, keyword: str, value: Json) -> bool:
        source = self._source
        match keyword:
            case "uniqueItems":
                most = source.get("maxItems")
                return value is False or (isinstance(most, int) and most <= 1)
            case "if":
                return not {"then", "else"} & source.keys()
            case "contains":
                return source.get("minContains") == 0 and "maxContains" not in source
            case "unevaluatedProperties" | "unevaluatedItems":
                return value is True or value == {} or self._nothing_evaluated_elsewhere(keyword, value)
            case "not":
                return value is False
            case _:
                return value is True or value == {}

    def _nothing_evaluated_elsewhere(self, keyword: str, value: Json) -> bool:
        """Where no other schema applies in place it means what `additionalProperties` or `items` means."""
        if {"allOf", "anyOf", "oneOf", "$ref", "if", "contains", "dependentSchemas"} & self._source.keys():
            return False
        plain = "additionalProperties" if keyword == "unevaluatedProperties" else "items"
        if plain not in self._source:
            self._out[plain] = self._inner(keyword, value)
        return True

    # Schemas inside of this one.

    def _inner(self, part: str, value: Json) -> Schema:
        return self._walk.inner(value, f"{self._pointer}/{part}", self._depth, self._rebased)

    def one(self, keyword: str, value: Json) -> None:
        self._out[keyword] = self._inner(keyword, value)

    def several(self, keyword: str, value: Json) -> None:
        if not isinstance(value, list):
            raise self._malformed(keyword, "a list of schemas")
        take = self._alternative if keyword == "oneOf" else self._inner
        schemas = [take(f"{keyword}/{index}", item) for index, item in enumerate(cast("list[Json]", value))]
        if schemas or keyword != "allOf":
            self._out[keyword] = schemas

    def _alternative(self, part: str, value: Json) -> Schema:
        """For a reference what it refers to: llguidance sees no difference between two references."""
        if isinstance(value, Mapping) and not self._rebased:
            schema = cast("Mapping[str, Json]", value)
            reference = schema.get("$ref")
            if isinstance(reference, str) and schema.keys() - ANNOTATIONS == {"$ref"}:
                found = self._walk.referred(reference, self._depth)
                if found is not None:
                    return found
        return self._inner(part, cast("Json", value))

    def by_name(self, keyword: str, value: Json) -> None:
        self._out[keyword] = {
            name: self._inner(f"{keyword}/{escape(name)}", item)
            for name, item in self._mapping(keyword, value).items()
        }

    def by_pattern(self, keyword: str, value: Json) -> None:
        schemas: dict[str, Schema] = {}
        for pattern, item in self._mapping(keyword, value).items():
            try:
                schemas[translate(pattern)] = self._inner(f"{keyword}/{escape(pattern)}", item)
            except PatternError as error:
                self._refuse(keyword, f"has a pattern that cannot be enforced: {error}")
                # Names of that pattern must not fall to the rule for all others.
                if "additionalProperties" in self._source:
                    self._refuse("additionalProperties")
                self._out.pop("additionalProperties", None)
                self._source = {k: v for k, v in self._source.items() if k != "additionalProperties"}
                return
        self._out[keyword] = schemas

    def _mapping(self, keyword: str, value: Json) -> Mapping[str, Json]:
        if not isinstance(value, Mapping):
            raise self._malformed(keyword, "an object of schemas")
        return cast("Mapping[str, Json]", value)

    def additional_properties(self, keyword: str, value: Json) -> None:
        if keyword in self._source:  # a pattern that was left out takes it along
            self.one(keyword, value)

    def items(self, keyword: str, value: Json) -> None:
        if isinstance(value, list):  # up to draft 2019-09
            self.several("prefixItems", cast("Json", value))
            return
        self.one(keyword, value)

    def additional_items(self, _keyword: str, value: Json) -> None:
        if isinstance(self._source.get("items"), list):
            self._out["items"] = self._inner("additionalItems", value)

    def reference(self, keyword: str, value: Json) -> None:
        if not isinstance(value, str):
            raise self._malformed(keyword, "a text")
        if self._rebased:
            self._refuse(keyword, "is inside of a schema with an address of its own ('$id')")
            return
        reference = self._walk.reference(value)
        if reference is None:
            self._refuse(keyword, "leads to nothing in this schema, and nothing is fetched")
            return
        self._out[keyword] = reference

    # Plain values.

    def type(self, keyword: str, value: Json) -> None:
        names = cast("list[Json]", value) if isinstance(value, list) else [value]
        if not all(isinstance(name, str) and name in TYPES for name in names):
            raise self._malformed(keyword, f"one of {', '.join(sorted(TYPES))}, or a list of them")
        self._out[keyword] = value

    def required(self, keyword: str, value: Json) -> None:
        names = cast("list[Json]", value)
        if not isinstance(value, list) or not all(isinstance(name, str) for name in names):
            raise self._malformed(keyword, "a list of texts")
        self._out[keyword] = list(dict.fromkeys(cast("list[str]", names)))

    def count(self, keyword: str, value: Json) -> None:
        count = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise self._malformed(keyword, "a whole number, not negative")
        self._out[keyword] = min(count, _LARGEST_EXACT)

    def least_properties(self, keyword: str, value: Json) -> None:
        self.count(keyword, value)
        required = self._source.get("required")
        certain = len(set(cast("list[str]", required))) if isinstance(required, list) else 0
        names_repeat = self._source.get("additionalProperties") is not False or bool(
            self._source.get("patternProperties")
        )
        # llguidance counts a name that is not in `properties` as often as it is written.
        if names_repeat and self._out[keyword] > certain + 1:
            del self._out[keyword]
            self._refuse(keyword)

    def number(self, keyword: str, value: Json) -> None:
        if isinstance(value, bool) and keyword in _BOUND_OF:  # drafts 3 and 4: a property of the bound
            bound = self._source.get(_BOUND_OF[keyword])
            if value and bound is not None:
                self._out.pop(_BOUND_OF[keyword], None)
                self.number(keyword, bound)
            return
        if keyword in self._exclusive_bounds():
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._malformed(keyword, "a number")
        if keyword == "multipleOf" and value <= 0:
            raise self._malformed(keyword, "a number greater than 0")
        if not _exact(value):
            self._refuse(keyword, "is a number that has too many digits")
            return
        self._out[keyword] = value

    def _exclusive_bounds(self) -> set[str]:
        return {bound for exclusive, bound in _BOUND_OF.items() if self._source.get(exclusive) is True}

    def literals(self, keyword: str, value: Json) -> None:
        if keyword == "enum" and not isinstance(value, list):
            raise self._malformed(keyword, "a list")
        trouble = _trouble(cast("Json", value))
        if trouble is not None:
            self._refuse(keyword, f"has {trouble}, which cannot be written")
            return
        self._out[keyword] = value

    def pattern(self, keyword: str, value: Json) -> None:
        if not isinstance(value, str):
            raise self._malformed(keyword, "a text")
        try:
            self._out[keyword] = translate(value)
        except PatternError as error:
            self._refuse(keyword, f"cannot be enforced: {error}")

    def format(self, keyword: str, value: Json) -> None:
        if not isinstance(value, str):
            raise self._malformed(keyword, "a text")
        if value in formats.PATTERNS:
            meaning: dict[str, Any] = {"pattern": translate(formats.PATTERNS[value])}
            if value in formats.LONGEST:
                meaning["maxLength"] = formats.LONGEST[value]
            self._also.append(meaning)
        elif value in formats.BOUNDS:
            least, most = formats.BOUNDS[value]
            self._also.append({"minimum": least, "maximum": most})
        elif value in formats.BUILT_IN:
            self._out[keyword] = value
        elif value not in formats.UNBOUNDED:
            self._refuse(keyword, f"is '{value[:60]}', which is not one that can be enforced")


_Handler: TypeAlias = Callable[[_OneSchema, str, Json], None]

_HANDLERS: dict[str, _Handler] = {
    "type": _OneSchema.type,
    "enum": _OneSchema.literals,
    "const": _OneSchema.literals,
    "anyOf": _OneSchema.several,
    "oneOf": _OneSchema.several,
    "allOf": _OneSchema.several,
    "$ref": _OneSchema.reference,
    "properties": _OneSchema.by_name,
    "patternProperties": _OneSchema.by_pattern,
    "additionalProperties": _OneSchema.additional_properties,
    "required": _OneSchema.required,
    "minProperties": _OneSchema.least_properties,
    "maxProperties": _OneSchema.count,
    "items": _OneSchema.items,
    "prefixItems": _OneSchema.several,
    "additionalItems": _OneSchema.additional_items,
    "minItems": _OneSchema.count,
    "maxItems": _OneSchema.count,
    "minLength": _OneSchema.count,
    "maxLength": _OneSchema.count,
    "pattern": _OneSchema.pattern,
    "format": _OneSchema.format,
    "minimum": _OneSchema.number,
    "maximum": _OneSchema.number,
    "exclusiveMinimum": _OneSchema.number,
    "exclusiveMaximum": _OneSchema.number,
    "multipleOf": _OneSchema.number,
}
# What llguidance enforces within limits that only compiling shows.
_LIMITED = (
    "oneOf", "anyOf", "allOf", "$ref", "patternProperties", "minProperties", "maxProperties",
    "pattern", "format", "minLength", "maxLength", "multipleOf",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const",
)  # fmt: skip
_BOUND_OF = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def _exact(number: float) -> bool:
    """Whether llguidance, which counts in doubles, has this number."""
    return math.isfinite(number) and (abs(number) <= _LARGEST_EXACT or int(float(number)) == number)


def _trouble(value: Json) -> str | None:
    """What in a literal cannot be written, if anything."""
    match value:
        case str():
            odd = next((c for c in value if (c < " " and c not in _SHORT_ESCAPES) or c == "\x7f"), None)
            half = any("\ud800" <= c < "\ue000" for c in value)
            return (
                f"the character U+{ord(odd):04X}" if odd is not None else "half a character" if half else None
            )
        case bool():
            return None
        case int() | float():
            return None if _exact(value) else "a number with too many digits"
        case list():
            return next((found for item in cast("list[Json]", value) if (found := _trouble(item))), None)
        case Mapping():
            items = cast("Mapping[str, Json]", value).values()
            return next((found for item in items if (found := _trouble(item))), None)
        case _:
            return None
