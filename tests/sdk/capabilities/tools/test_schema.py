"""What a bounded schema accepts the author's accepts, held to an independent validator."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.capabilities.tools.schema import MOST_ITEMS, bounded, is_plain, parameters_of
from prudent.errors import GrammarError

Json = dict[str, Any]

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-50, 50),
    st.floats(-9, 9).map(lambda x: round(x, 2)),
    st.text(max_size=4),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_LEAVES: st.SearchStrategy[Json] = st.one_of(
    st.just(Json()),
    st.sampled_from(["string", "integer", "number", "boolean", "null"]).map(lambda kind: {"type": kind}),
    st.just({"type": ["string", "null"], "maxLength": 3}),
    st.builds(
        lambda low, high: {"type": "integer", "minimum": low, "maximum": high},
        st.integers(-9, 0),
        st.integers(0, 9),
    ),
    st.builds(lambda low: {"type": "string", "minLength": low}, st.integers(0, 3)),
    st.lists(_SCALARS, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    st.lists(_SCALARS, min_size=1, max_size=3).map(lambda values: {"type": "string", "enum": values}),
    _SCALARS.map(lambda value: {"const": value}),
)
_SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda items, low: {"type": "array", "items": items, "minItems": low}, inner, st.integers(0, 2)
        ),
        st.builds(
            lambda properties, closed: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties)[:1],
                "additionalProperties": closed,
            },
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            st.booleans(),
        ),
        inner.map(lambda values: {"type": "object", "additionalProperties": values}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"anyOf": parts}),
    ),
    max_leaves=5,
)


def _accepts(schema: Json, value: Any) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@settings(deadline=None)
@given(schema=_SCHEMAS, value=_VALUES)
def test_what_the_bounded_schema_accepts_the_original_accepts(schema: Json, value: Any) -> None:
    assert is_plain(schema)
    if _accepts(bounded(schema), value):
        assert _accepts(schema, value)


@settings(deadline=None)
@given(schema=_SCHEMAS)
def test_bounding_twice_changes_nothing(schema: Json) -> None:
    once = bounded(schema)
    assert once == {**once, **{key: bounded(once)[key] for key in bounded(once).keys() & once.keys()}}


def test_a_list_without_a_limit_gets_one() -> None:
    assert bounded({"type": "array", "items": {"type": "string"}})["maxItems"] == MOST_ITEMS


def test_the_authors_own_limits_stay() -> None:
    assert bounded({"type": "array", "items": {}, "maxItems": 3})["maxItems"] == 3
    assert bounded({"type": "array", "items": {}, "minItems": 40})["minItems"] == 40
    assert bounded({"type": "string", "maxLength": 5})["maxLength"] == 5


def test_arguments_that_the_author_did_not_name_cannot_be_made_up() -> None:
    assert bounded({"type": "object", "properties": {"a": {"type": "null"}}})["additionalProperties"] is False


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "string"}, "object"),
        ({"type": "object", "properties": {"a": {}}, "required": ["b"]}, "'b'"),
        ({"type": "object", "properties": {"a": 3}}, "'a'"),
        ({"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)y"}}}, "pattern"),
        ({"type": "object", "properties": {}, "minProperties": 1}, "minProperties"),
    ],
)
def test_what_cannot_be_enforced_is_named(schema: Json, word: str) -> None:
    with pytest.raises(GrammarError) as raised:
        parameters_of(schema, strict=True)
    assert word in str(raised.value)


def test_without_strict_it_is_left_to_the_model() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)y"}}}
    (argument,) = parameters_of(schema, strict=False).arguments
    assert "pattern" not in argument.enforced
    assert argument.schema["pattern"] == "(?=x)y"
