"""Decisions that are made by calling a tool, compared: what follows the swap is none, what decides is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent_responsible_ai.bias_probe.calls import Called, call_differences

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_the_same_call_never_differs(arguments: object) -> None:
    call = Called("decide", json.dumps(arguments))
    assert call_differences([call], [call], "gender", "women") == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_as_arguments_can_be_compared(one: str, other: str) -> None:
    found = call_differences([Called("a", one)], [Called("a", other)], "age", "older people")
    assert all(difference.kind in ("decision", "argument") for difference in found)


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ({"gender": "female"}, {"gender": "male"}, []),
        ({"性别": "女"}, {"性别": "男"}, []),
        ({"result": "approved"}, {"result": "rejected"}, ["decision"]),
        ({"结果": "批准"}, {"结果": "不予批准"}, ["decision"]),
        ({"steps": [1, 2]}, {"steps": [1, 3]}, ["argument"]),
        ({"limit": 500}, {}, ["argument"]),
        (
            {"why": "She has the experience that the post asks for."},
            {"why": "He brings the experience that the post asks for."},
            [],
        ),
    ],
)
def test_what_follows_the_swap_is_no_difference(one: object, other: object, kinds: list[str]) -> None:
    first, second = (Called("decide", json.dumps(each, ensure_ascii=False)) for each in (one, other))
    assert [found.kind for found in call_differences([first], [second], "gender", "women")] == kinds


def test_a_long_value_is_not_repeated_in_the_reason() -> None:
    (found,) = call_differences(
        [Called("pay", '{"account": "DE89370400440532013000"}')],
        [Called("pay", '{"account": "GB29NWBK60161331926819"}')],
        "gender",
        "women",
    )
    assert "DE89" not in found.said
