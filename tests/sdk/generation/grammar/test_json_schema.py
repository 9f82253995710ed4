"""What a schema promises, in both directions, held to an independent validator."""

from __future__ import annotations

import contextlib
import json
import re
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from prudent.errors import GrammarError
from prudent.generation.grammar import GrammarCompiler, JsonSchema
from prudent.generation.grammar.keywords import ANNOTATIONS, ENFORCED, REFUSED

if TYPE_CHECKING:
    from conftest import Walker

Json = Any


def _source(schema: Json, *, strict: bool = True) -> JsonSchema:
    return JsonSchema(json.dumps(schema), strict)


BOTH_WAYS: dict[str, tuple[Json, list[Json], list[Json]]] = {
    "type": ({"type": ["integer", "null"]}, [1, None, -7], ["1", 1.5, True, []]),
    "enum": ({"enum": ["a", 1, None, {"b": [2]}]}, ["a", 1, None, {"b": [2]}], ["b", 2, {"b": [3]}]),
    "const": ({"const": 'q"\\é\n'}, ['q"\\é\n'], ["q"]),
    "properties": (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
        [{}, {"a": 1}, {"a": 1, "b": "x"}, {"a": 1, "c": []}],
        [{"a": "x"}, {"b": 1}],
    ),
    "required": ({"type": "object", "required": ["x"]}, [{"x": 1}], [{}, {"y": 1}]),
    "additionalProperties": (
        {"type": "object", "properties": {"a": True}, "additionalProperties": {"type": "integer"}},
        [{"a": "x", "b": 1}],
        [{"b": "x"}],
    ),
    "patternProperties": (
        {"type": "object", "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False},
        [{"n_a": 1}],
        [{"n_a": "x"}, {"m": 1}],
    ),
    "items": ({"type": "array", "items": {"type": "integer"}}, [[], [1, 2]], [["x"], [1, None]]),
    "prefixItems": (
        {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
        [[], [1], [1, "a"]],
        [["a"], [1, 2]],
    ),
    "items as a list": (
        {"type": "array", "items": [{"type": "integer"}], "additionalItems": False},
        [[], [1]],
        [["a"], [1, 2]],
    ),
    "bounds of items": ({"type": "array", "minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
    "lengths": ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "é🐲x"], ["a", "abcd", "🐲"]),
    "bounds": ({"type": "integer", "minimum": -3, "maximum": 12}, [-3, 0, 12], [-4, 13, 1.5]),
    "exclusive bounds": ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5], [0, 1, -1]),
    "exclusive bounds of draft 4": (
        {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 3, "exclusiveMaximum": False},
        [1, 3],
        [0, 4],
    ),
    "multipleOf": ({"type": "integer", "multipleOf": 5}, [0, 15, -5], [3]),
    "anyOf": ({"anyOf": [{"type": "integer"}, {"const": "x"}]}, [1, "x"], ["y", None]),
    "oneOf": ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, [1, "x"], [None]),
    "oneOf between references": (
        {
            "oneOf": [{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}],
            "$defs": {
                "cat": {"type": "object", "properties": {"is": {"const": "cat"}}, "required": ["is"]},
                "dog": {
                    "type": "object",
                    "properties": {"is": {"const": "dog"}, "chases": {"oneOf": [{"$ref": "#/$defs/dog"}]}},
                    "required": ["is"],
                },
            },
        },
        [{"is": "cat"}, {"is": "dog"}, {"is": "dog", "chases": {"is": "dog"}}],
        [{"is": "cow"}, {"is": "dog", "chases": {"is": "cat"}}],
    ),
    "allOf": ({"allOf": [{"type": "integer"}, {"minimum": 3}]}, [3], [2, "x"]),
    "$ref": (
        {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}},
        [[], [[], [[]]]],
        [[1], {}],
    ),
    "$ref to an anchor": (
        {"type": "array", "items": {"$ref": "#word"}, "$defs": {"x": {"$anchor": "word", "type": "string"}}},
        [["a"]],
        [[1]],
    ),
    "$ref to anywhere": (
        {"properties": {"a/b": {"type": "integer"}, "c": {"$ref": "#/properties/a~1b"}}, "type": "object"},
        [{"c": 1}],
        [{"c": "x"}],
    ),
    "$ref by the schema's own address": (
        {
            "$id": "http://x.test/s",
            "type": "array",
            "items": {"$ref": "http://x.test/s#/$defs/i"},
            "$defs": {"i": {"type": "null"}},
        },
        [[None]],
        [[1]],
    ),
    "format of a number": ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31, -(2**31) - 1]),
    "minProperties": (
        {"type": "object", "minProperties": 1, "maxProperties": 2},
        [{"a": 1}, {"a": 1, "b": 2}],
        [{}, {"a": 1, "b": 2, "c": 3}],
    ),
    "unevaluatedProperties with nothing else": (
        {"type": "object", "properties": {"a": True}, "unevaluatedProperties": False},
        [{"a": 1}],
        [{"b": 1}],
    ),
    "annotations": (
        {"type": "integer", "title": "t", "default": 5, "examples": [10**40], "x-order": 1, "nullable": True},
        [1],
        ["x"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_valid_values_can_be_written_and_invalid_ones_cannot(walker: Walker, name: str) -> None:
    schema, valid, invalid = BOTH_WAYS[name]
    assert [value for value in valid if not walker.accepts_json(schema, value)] == []
    assert [value for value in invalid if walker.accepts_json(schema, value)] == []


@pytest.mark.parametrize(
    ("value", "keyword"),
    [
        ({"not": {"type": "null"}}, "not"),
        ({"if": {"type": "null"}, "then": False}, "if"),
        ({"contains": {"type": "null"}}, "contains"),
        ({"propertyNames": {"maxLength": 3}}, "propertyNames"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"dependencies": {"a": ["b"]}}, "dependencies"),
        ({"dependentRequired": {"a": ["b"]}}, "dependentRequired"),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, "dependentSchemas"),
        ({"allOf": [{}], "unevaluatedProperties": False}, "unevaluatedProperties"),
        ({"$ref": "#", "unevaluatedItems": False}, "unevaluatedItems"),
        ({"$dynamicRef": "#x"}, "$dynamicRef"),
        ({"$recursiveRef": "#"}, "$recursiveRef"),
        ({"extends": {"type": "null"}}, "extends"),
        ({"disallow": "null"}, "disallow"),
        ({"divisibleBy": 3}, "divisibleBy"),
        ({"type": "string", "format": "color"}, "format"),
        ({"type": "string", "pattern": "^(?!a)"}, "pattern"),
        ({"patternProperties": {r"\bx": {}}}, "patternProperties"),
        ({"patternProperties": {"^a": {"type": "null"}, "b$": {"type": "integer"}}}, "patternProperties"),
        ({"$ref": "http://elsewhere.test/x"}, "$ref"),
        ({"$ref": "#/nowhere"}, "$ref"),
        ({"$id": "http://a.test/b", "allOf": [{"$ref": "#/definitions/x"}]}, "$ref"),
        ({"type": "string", "oneOf": [{"minLength": 1}, {"maxLength": 5}]}, "oneOf"),
        ({"properties": {"a": {}}, "minProperties": 1, "maxProperties": 3}, "minProperties"),
        ({"type": "object", "minProperties": 2}, "minProperties"),
        ({"const": 2**53 + 1}, "const"),
        ({"enum": ["a\x01"]}, "enum"),
        ({"minimum": 2**53 + 1}, "minimum"),
        ({"minlength": 3}, "minlength"),
        ({"requierd": ["a"]}, "requierd"),
    ],
)
def test_what_cannot_be_enforced_is_named_with_its_place(
    compiler: GrammarCompiler, value: Json, keyword: str
) -> None:
    schema = {"type": "object", "properties": {"a/b": {"type": "array", "items": value}}}
    with pytest.raises(GrammarError) as raised:
        compiler.compile(_source(schema))
    place = "/properties/a~1b/items"
    assert raised.value.details["keyword"] == keyword
    assert raised.value.details["pointer"].startswith(place)
    assert str(raised.value).startswith(f"'{keyword}' at {place}")
    assert raised.value.http_status == 400


def test_a_schema_that_is_not_strict_leaves_out_exactly_those(
    compiler: GrammarCompiler, walker: Walker
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
            "one": {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "string", "minLength": 2}]},
            "date": {"type": "string", "format": "date"},
        },
        "required": ["tags", "one", "date"],
        "not": {"required": ["z"]},
    }
    left = compiler.compile(_source(schema, strict=False)).left_out
    assert left == ("'uniqueItems' at /properties/tags", "'not' at the root", "'oneOf' at /properties/one")
    valid = {"tags": [1, 1], "one": "abcd", "date": "2024-02-29"}
    assert walker.accepts_json(schema, valid, strict=False)
    for change in ({"tags": ["x"]}, {"one": 1}, {"date": "2023-02-29"}):
        assert not walker.accepts_json(schema, {**valid, **change}, strict=False)


def test_a_pattern_left_out_leaves_no_name_to_the_rule_for_the_others(
    compiler: GrammarCompiler, walker: Walker
) -> None:
    schema = {
        "type": "object",
        "patternProperties": {r"\bx": {"type": "integer"}},
        "additionalProperties": False,
    }
    left = compiler.compile(_source(schema, strict=False)).left_out
    assert left == ("'patternProperties' at the root", "'additionalProperties' at the root")
    assert walker.accepts_json(schema, {"x": 1}, strict=False)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "text"}, "'type' at the root must be one of"),
        ({"required": True}, "must be a list of texts"),
        ({"minLength": -1}, "must be a whole number"),
        ({"minItems": "3"}, "must be a whole number"),
        ({"minimum": "3"}, "must be a number"),
        ({"multipleOf": 0}, "greater than 0"),
        ({"enum": "a"}, "must be a list"),
        ({"anyOf": {}}, "must be a list of schemas"),
        ({"properties": []}, "must be an object of schemas"),
        ({"items": 5}, "neither an object nor a boolean"),
        ({"pattern": 5}, "must be a text"),
        ({"$ref": 5}, "must be a text"),
        ({"enum": []}, "No value satisfies"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "No value satisfies"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_schema_that_is_wrong_is_wrong_strict_or_not(
    compiler: GrammarCompiler, schema: Json, says: str, strict: bool
) -> None:
    with pytest.raises(GrammarError, match=re.escape(says)):
        compiler.compile(_source(schema, strict=strict))


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        # llguidance 1.9.1 by itself lets these through.
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, '{"\\u0061": "x"}'),
        ({"type": "string", "pattern": '^[^"\\\\]*$'}, '"a\\"b"'),
        ({"type": "string", "pattern": "^[a&&b]$"}, '"c"'),
        ({"type": "string", "format": "date"}, '"2023-02-29"'),
        ({"type": "string"}, '"\\ud83d"'),
        ({"type": "array"}, "[1,  2]"),
        ({"type": "array"}, "[ 1]"),
        ({"type": "array"}, "[1] "),
        ({"type": "object"}, '{"a": 1, }'),
    ],
)
def test_texts_that_must_not_be_written(walker: Walker, schema: Json, text: str) -> None:
    assert not walker.accepts(_source(schema), text)


def test_the_tables_of_keywords_exclude_each_other() -> None:
    assert not ANNOTATIONS & REFUSED
    assert not ANNOTATIONS & ENFORCED
    assert not REFUSED & ENFORCED


def _nested(levels: int) -> Json:
    schema: Json = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "allOf": [{"pattern": f"(a|b)*a(a|b){{{n}}}"} for n in range(5, 25)]},
        {
            "allOf": [{"$ref": f"#/$defs/{n}"} for n in range(20)],
            "$defs": {str(n): {"pattern": f"(a|b)*a(a|b){{{n}}}"} for n in range(20)},
        },
        {"type": "string", "minLength": 10**12, "maxLength": 10**12},
        {"type": "array", "minItems": 10**9, "items": {"type": "object", "properties": {"a": {}}}},
        {"allOf": [{"anyOf": [{"required": [f"{i}{j}"]} for j in range(8)]} for i in range(8)]},
        {"type": "number", "multipleOf": 1234567.891},
        {"type": "integer", "multipleOf": 987654321},
        {
            "$ref": "#/$defs/0",
            "$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(24)} | {"24": {}},
        },
        {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(3000)}},
        {"enum": [f"value {n}" for n in range(20000)]},
        {"type": "string", "pattern": "^((a{1,1000}){1,1000}){1,1000}$"},
        {"type": "object", "patternProperties": {f"^(a|b)*a(a|b){{{n}}}$": {} for n in range(30)}},
        _nested(48),
        '{"items": ' * 50_000 + "{}" + "}" * 50_000,
        {"anyOf": [{"const": n} for n in range(30000)]},
    ],
)  # fmt: skip
def test_nothing_that_is_compiled_takes_long(compiler: GrammarCompiler, schema: Json) -> None:
    started = time.thread_time()
    text = schema if isinstance(schema, str) else json.dumps(schema)
    with contextlib.suppress(GrammarError):
        compiler.compile(JsonSchema(text)).grammar.start()
    assert time.thread_time() - started < 8.0


# Random schemas against an independent validator: whatever is written must be valid.

_TEXTS = ["", "a", "ab", "é", "a\n", 'q"\\', "0", "🐲", "2020-01-01"]
_NAMES = st.sampled_from(["a", "b", "ab", "a/b", "é", '"', "0"])
_PATTERNS = [
    "^a",
    "b$",
    "^[a-c]*$",
    "^[^a]*$",
    ".",
    "^.{1,3}$",
    "a|b",
    "^\\d+$",
    "\\s",
    '^[^"\\\\]*$',
    "^(ab)+$",
]
_LITERALS = st.one_of(
    st.none(), st.booleans(), st.sampled_from([0, 1, -1, 2.5, 1e3, 7, -0.1]), st.sampled_from(_TEXTS)
)
_VALUES = st.recursive(
    _LITERALS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=4,
)
_NUMBERS = st.sampled_from([-5, 0, 1, 0.5, -2.25, 10, 100])
_SMALL = st.integers(0, 4)


def _keywords(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    several = st.lists(inner, min_size=1, max_size=3)
    types = st.sampled_from(["string", "integer", "number", "object", "array", "null", ["string", "null"]])
    return st.fixed_dictionaries(
        {},
        optional={
            "type": types,
            "enum": st.lists(_VALUES, min_size=1, max_size=4),
            "minLength": _SMALL, "maxLength": _SMALL, "pattern": st.sampled_from(_PATTERNS),
            "minimum": _NUMBERS, "maximum": _NUMBERS,
            "exclusiveMinimum": _NUMBERS, "exclusiveMaximum": _NUMBERS,
            "multipleOf": st.sampled_from([1, 2, 3, 0.5]),
            "properties": st.dictionaries(_NAMES, inner, max_size=3),
            "required": st.lists(_NAMES, max_size=2, unique=True),
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(st.sampled_from(_PATTERNS), inner, max_size=2),
            "minProperties": _SMALL, "maxProperties": _SMALL,
            "items": inner, "prefixItems": several, "minItems": _SMALL, "maxItems": _SMALL,
            "anyOf": several, "oneOf": several, "allOf": several,
            "$ref": st.sampled_from(["#/$defs/x", "#/$defs/y"]),
        },
    ).flatmap(_some_of_them)  # fmt: skip


def _some_of_them(chosen: dict[str, Json]) -> st.SearchStrategy[Json]:
    """In any order, as that is the order in which they are put together."""
    return st.permutations(list(chosen.items())).map(lambda items: dict(items[:6]))


_SCHEMAS = st.recursive(st.booleans() | _keywords(st.booleans()), _keywords, max_leaves=5).filter(
    lambda schema: isinstance(schema, dict)
)


@settings(max_examples=settings().max_examples // 3, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=_SCHEMAS, x=_SCHEMAS, y=_SCHEMAS, seed=st.integers(0, 2**32))
def test_whatever_is_written_is_valid(
    walker: Walker, compiler: GrammarCompiler, schema: Json, x: Json, y: Json, seed: int
) -> None:
    schema = {**schema, "$defs": {"x": x, "y": y}}
    try:
        compiler.compile(_source(schema))
    except GrammarError:
        assume(False)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for offset in range(4):
        text = walker.walk(_source(schema), seed + offset)
        if text is not None:
            validator.validate(json.loads(text))
