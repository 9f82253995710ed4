"""Arithmetic from text, against Python's own fractions."""

from __future__ import annotations

import time
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_agents.grounding.arithmetic import ArithmeticSyntaxError, evaluate, number

Pair = tuple[str, Fraction]
"""An expression, and what it comes to."""


def _number(value: Fraction) -> Pair:
    return (str(value.numerator), value) if value.denominator == 1 else (str(float(value)), value)


def _joined(left: Pair, sign: str, right: Pair) -> Pair:
    text = f"({left[0]}) {sign} ({right[0]})"
    a, b = left[1], right[1]
    if sign in ("/", "//", "%") and b == 0:
        sign, text = "+", f"({left[0]}) + ({right[0]})"
    operations = {"+": a + b, "-": a - b, "*": a * b}
    if sign in operations:
        return text, operations[sign]
    return text, {"/": a / b, "//": Fraction(a // b), "%": a % b}[sign]


numbers = st.one_of(
    st.integers(0, 10**9).map(Fraction), st.integers(0, 10**6).map(lambda whole: Fraction(whole, 64))
).map(_number)
expressions: st.SearchStrategy[Pair] = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.builds(_joined, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner),
        inner.map(lambda pair: (f"-({pair[0]})", -pair[1])),
        inner.map(lambda pair: (f"abs({pair[0]})", abs(pair[1]))),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda pairs: (f"max({', '.join(text for text, _ in pairs)})", max(value for _, value in pairs))
        ),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(expressions)
def test_expressions_come_to_what_fractions_come_to(pair: Pair) -> None:
    text, value = pair
    assert evaluate(text) == value


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 99), st.sampled_from(["+", "-", "*", "//", "%"])), min_size=1),
    st.integers(1, 9),
)
def test_precedence_and_order_are_pythons(parts: list[tuple[int, str]], last: int) -> None:
    text = " ".join(f"{value} {sign}" for value, sign in parts) + f" {last}"
    assert evaluate(text) == eval(text)


@settings(deadline=None, max_examples=50)
@given(st.integers(-(10**15), 10**15))
def test_thousands_separators_change_nothing(value: int) -> None:
    assert evaluate(f"{value:,}") == value
    assert evaluate(f"{value:_}") == value


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="0123456789.,+-*/%()^ eE万ofsqrtmax$€", max_size=30))
def test_any_text_gives_a_number_or_an_error_that_says_why(text: str) -> None:
    try:
        said = str(evaluate(text))
    except (ArithmeticSyntaxError, ZeroDivisionError, OverflowError) as error:
        said = str(error)
    assert said[-1] in "0123456789.…"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", 0.3),
        ("-2**2", -4),
        ("2 ^ 3 ^ 2", 512),
        ("2 ** -1", 0.5),
        ("1 / 3", 0.3333333333333333),
        ("1,234.50 * 2", 2469),
        ("1,00,000 + 1", 100_001),
        ("max(1,200)", 200),
        ("sum(1200, 3400)", 4600),
        ("20% of 80", 16),
        ("500 * (1 + 10%)", 550),
        ("10% - 3", -2.9),
        ("10% + 20%", 0.3),
        ("7 % 3", 1),
        ("-7 % 3", 2),
        ("-7 // 2", -4),
        ("$5 * 3", 15),
        ("sqrt(16/9)", Fraction(4, 3)),
        ("sqrt(2)", 2**0.5),
        ("round(2.5) + round(-2.5)", 0),
        ("round(1.005, 2)", 1.01),
        ("avg(1, 2, 6)", 3),
        ("floor(-1.5) + ceil(-1.5)", -3),
        ("3 + 4 =", 7),
        ("１２×（３＋４）÷２", 42),
        ("3万 + 1亿", 100_030_000),
        ("3加5乘以2减去1", 12),
        ("1.5e3", 1500),
    ],
)
def test_it_reads_what_people_write(text: str, value: float | Fraction) -> None:
    assert number(evaluate(text)) == float(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing to compute"),
        ("12 + * 3", r"not '\*' \(character 6\)"),
        ("2(3)", r"write \* to multiply"),
        ("3 4", "no operator"),
        ("(1 + 2", "character 1 is not closed"),
        ("1 + 2)", "closes no bracket"),
        ("x + 1", "'x' .* is no function. There are: abs"),
        ("3 + 4 = 7", "no equations"),
        ("200 + 10%", r"200 \* \(1 \+ 0\.1\), or 200 \+ 0\.1"),
        ("7 % -3", r"write 7% - 3, or 7 % \(-3\)"),
        ("1.234,56", "write 1234.56"),
        ("1,23", "write 1234.56"),
        ("sum(1,200, 3,400)", "one number or several"),
        ("$5 + €3", "different currencies"),
        ("3²", "'²'"),
        ("3½", "'½'"),
        ("round(1.5, 0.5)", "whole number of places"),
        ("sqrt(4, 9)", "sqrt takes 1 number, not 2"),
        ("sqrt(-4)", "no real square root"),
        ("(-8) ** (1/3)", "no real power"),
        ("__import__('os')", "'_'"),
        ("(" * 3000, "more than 2,000 characters"),
        ("(" * 1000 + "1" + ")" * 999, "nested more than 100"),
        ("-" * 1999 + "1", "nested more than 100"),
    ],
)
def test_what_is_no_expression_is_said_precisely(text: str, said: str) -> None:
    with pytest.raises(ArithmeticSyntaxError, match=said):
        evaluate(text)


@pytest.mark.parametrize(
    "text",
    [
        "9 ** 9 ** 9",
        "10 ** 100000",
        "2 ** 0.5 ** -90000",
        "1e999999999",
        "(10**200) ** 0.5 ** 0.0001" + " * 10 ** 200" * 30,
        "* ".join(["10 ** 999 "] * 100),
    ],
)
def test_numbers_that_explode_end_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises((OverflowError, ArithmeticSyntaxError)):
        number(evaluate(text))
    assert time.process_time() - begun < 1


@settings(deadline=None, max_examples=50)
@given(st.fractions(-1000, 1000), st.integers(0, 6))
def test_round_goes_half_away_from_zero(value: Fraction, places: int) -> None:
    scaled = abs(value) * 10**places
    whole = floor(scaled) + (scaled - floor(scaled) >= Fraction(1, 2))
    expected = (1 if value >= 0 else -1) * Fraction(whole, 10**places)
    assert evaluate(f"round(({value.numerator}) / {value.denominator}, {places})") == expected
