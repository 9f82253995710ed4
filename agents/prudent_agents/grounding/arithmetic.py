"""Arithmetic from text: what an expression as people and models write it comes to. Knows no tool.

Numbers are exact fractions until a root or a broken exponent makes them 50 digits long. What can be read in
two ways (`200 + 10%`, `1.234,56`) is an error that says how to write it, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException
from fractions import Fraction
from math import ceil, floor, isqrt
from typing import Final, NoReturn

MOST_CHARACTERS: Final = 2_000
MOST_NESTED: Final = 100
MOST_BITS: Final = 4_096
"""Of a numerator or denominator; longer numbers are refused, so that no expression takes time or memory."""

_DIGITS: Final = 50
_PLACES: Final = 100
_LARGEST: Final = Fraction(10) ** 300
_WORDS: Final = (
    ("乘以", "*"),
    ("除以", "/"),
    ("加上", "+"),
    ("减去", "-"),
    ("加", "+"),
    ("减", "-"),
    ("乘", "*"),
)
_SIGNS: Final = str.maketrans(
    dict.fromkeys("×✕∗·⋅∙", "*")
    | dict.fromkeys("÷∕⁄", "/")
    | dict.fromkeys("−–", "-")
    | dict.fromkeys("\u00a0\u2009\u202f\u3000", " ")
    | {"【": "(", "】": ")", "、": ","}
    | {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
)
"""Full-width and printed signs. Not NFKC: it would read 3² as 32 and 3½ as 31/2."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z]+)"
    r"|(?P<sign>\*\*|//|[-+*/%^(),=万亿])|(?P<money>[$€£¥₹]))",
    re.ASCII,
)
_GROUPED: Final = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?![\d,])")
_EUROPEAN: Final = re.compile(r"\d\.\d{3}(?:\.\d{3})*,\d")
_SCALES: Final = {"万": 10**4, "亿": 10**8}
_BINARY: Final = {"+": 10, "-": 10, "*": 20, "/": 20, "//": 20, "%": 20, "of": 20, "**": 40, "^": 40}
_UNARY: Final = 30


class ArithmeticSyntaxError(ValueError):
    """The text is no expression, or can be read in two ways; the message says where and what to write."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int
    spaced: bool


@dataclass(frozen=True, slots=True)
class _Number:
    value: Fraction
    percent: bool = False


def evaluate(text: str) -> Fraction:
    """What the expression comes to.

    + - * / // % ** (or ^), parentheses, `15%`, `20% of 80`, thousands separators, one currency's sign,
    abs, avg, ceil, floor, max, min, round, sqrt, sum; full-width and Chinese signs. Rounds half away from 0.

    Raises:
        ArithmeticSyntaxError: it is no expression, or ambiguous.
        ZeroDivisionError: it divides by zero.
        OverflowError: a number in it becomes too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise ArithmeticSyntaxError(f"The expression has more than {MOST_CHARACTERS:,} characters.")
    return _Parser(_tokens(text)).result()


def _plain(text: str) -> str:
    """The text with full-width and Chinese signs as the usual ones."""
    plain = text.translate(_SIGNS)
    for word, sign in _WORDS:
        plain = plain.replace(word, sign)
    return plain


def _tokens(text: str) -> list[_Token]:
    plain = _plain(text).strip()
    match = _EUROPEAN.search(plain)
    if match is not None and _call_around(plain, match.start()) is None:
        raise ArithmeticSyntaxError(
            f"'{match[0]}…' has a dot and then a comma: write 1234.56 for a decimal, 1,234 for thousands."
        )
    plain = _ungrouped(plain)
    found: list[_Token] = []
    at = 0
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None or match.lastgroup is None:
            raise ArithmeticSyntaxError(
                f"'{plain[at:].lstrip()[:1]}' (character {at + 1}) has no place in an expression."
            )
        kind = match.lastgroup
        found.append(_Token(kind, match[kind], match.start(kind) + 1, match.start(kind) > at))
        at = match.end()
    if found and found[-1].text == "=":
        found.pop()
    return _without_money(found)


def _ungrouped(text: str) -> str:
    """The text without thousands separators. In a call's brackets a comma parts arguments."""
    parts: list[str] = []
    at = 0
    for match in _GROUPED.finditer(text):
        inside = _call_around(text, match.start())
        if inside is None:
            parts += [text[at : match.start()], match[0].replace(",", "")]
            at = match.end()
        elif re.search(r",\s", inside):
            raise ArithmeticSyntaxError(
                f"'{match[0]}' can be one number or several: write {match[0].replace(',', '')} "
                f"or {match[0].replace(',', ', ')}."
            )
    return "".join([*parts, text[at:]])


def _call_around(text: str, at: int) -> str | None:
    """What stands in the brackets of the function call around a place, or None outside of one."""
    depth = 0
    for start in range(at - 1, -1, -1):
        if text[start] == ")":
            depth += 1
        elif text[start] == "(":
            depth -= 1
            if depth < 0:
                if not re.search(r"[A-Za-z]\s*$", text[:start]) or text[:start].rstrip().endswith("of"):
                    return None
                return text[start + 1 :].split(")")[0]
    return None


def _without_money(tokens: list[_Token]) -> list[_Token]:
    """The tokens without signs of money, of which there may be one kind."""
    kinds = {token.text for token in tokens if token.kind == "money"}
    if len(kinds) > 1:
        raise ArithmeticSyntaxError(
            f"{' and '.join(sorted(kinds))} are different currencies: convert them first."
        )
    return [token for token in tokens if token.kind != "money"]


class _Parser:
    """Precedence climbing over the tokens; values are computed as they are read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def result(self) -> Fraction:
        if not self._tokens:
            raise ArithmeticSyntaxError("There is nothing to compute.")
        number = self._expression(0)
        if (token := self._peek()) is not None:
            self._unexpected(token)
        return number.value

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._peek()
        if token is None:
            raise ArithmeticSyntaxError("The expression ends where a number is expected.")
        self._at += 1
        return token

    def _unexpected(self, token: _Token) -> NoReturn:
        place = f"'{token.text}' (character {token.at})"
        if token.kind in ("number", "name") or token.text == "(":
            raise ArithmeticSyntaxError(f"There is no operator before {place}: write * to multiply.")
        if token.text == ")":
            raise ArithmeticSyntaxError(f"{place} closes no bracket.")
        if token.text == ",":
            raise ArithmeticSyntaxError(
                f"{place} parts nothing: write 1234.56 for a decimal, 1,234 for thousands."
            )
        if token.text == "=":
            raise ArithmeticSyntaxError(f"{place}: this computes and solves no equations.")
        raise ArithmeticSyntaxError(f"A number is expected, not {place}.")

    def _expression(self, strength: int) -> _Number:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise ArithmeticSyntaxError(f"It is nested more than {MOST_NESTED} deep.")
        left = self._postfix(self._operand())
        while (token := self._peek()) is not None and (bond := _BINARY.get(token.text, -1)) > strength:
            self._at += 1
            right = self._expression(bond - 1 if token.text in ("**", "^") else bond)
            left = _Number(_apply(token.text, left, right), _both_percent(token, left, right))
        self._depth -= 1
        return left

    def _operand(self) -> _Number:
        token = self._take()
        if token.kind == "number":
            return _Number(_bounded(_read(token)))
        if token.text in ("+", "-"):
            number = self._expression(_UNARY)
            return number if token.text == "+" else _Number(-number.value, number.percent)
        if token.text == "(":
            number = self._expression(0)
            self._close(token)
            return _Number(number.value)
        if token.kind != "name" or token.text == "of":
            self._unexpected(token)
        return _Number(self._call(token))

    def _postfix(self, number: _Number) -> _Number:
        """The number with the %, 万 and 亿 behind it."""
        while (token := self._peek()) is not None:
            if token.text in _SCALES:
                number = _Number(_bounded(number.value * _SCALES[token.text]))
            elif token.text == "%" and self._is_percent(token):
                number = _Number(number.value / 100, percent=True)
            else:
                break
            self._at += 1
        return number

    def _is_percent(self, token: _Token) -> bool:
        """Whether a % means percent: nothing that could be divided by comes after it."""
        after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        if after is None or (after.kind == "name" and after.text == "of"):
            return True
        if after.text in ("+", "-") and token.spaced:
            raise ArithmeticSyntaxError(
                f"'% {after.text}' (character {token.at}) can be percent or a remainder: "
                "write 7% - 3, or 7 % (-3)."
            )
        return after.kind not in ("number", "name") and after.text != "("

    def _close(self, opened: _Token) -> None:
        token = self._peek()
        if token is None:
            raise ArithmeticSyntaxError(f"The bracket at character {opened.at} is not closed.")
        if token.text != ")":
            self._unexpected(token)
        self._at += 1

    def _call(self, name: _Token) -> Fraction:
        function = FUNCTIONS.get(name.text.lower())
        if function is None:
            raise ArithmeticSyntaxError(
                f"'{name.text}' (character {name.at}) is no function. There are: {', '.join(FUNCTIONS)}."
            )
        opened = self._peek()
        if opened is None or opened.text != "(":
            raise ArithmeticSyntaxError(f"{name.text} needs brackets: {name.text}(…).")
        self._at += 1
        values = [self._expression(0).value]
        while (token := self._peek()) is not None and token.text == ",":
            self._at += 1
            values.append(self._expression(0).value)
        self._close(opened)
        return _bounded(function(values))


def _read(token: _Token) -> Fraction:
    mantissa, _, exponent = token.text.replace("_", "").lower().partition("e")
    if abs(int(exponent or 0)) > _PLACES * 3:
        raise OverflowError(f"'{token.text}' is too large or too small.")
    return Fraction(mantissa if mantissa[-1] != "." else f"{mantissa}0") * Fraction(10) ** int(exponent or 0)


def _both_percent(token: _Token, left: _Number, right: _Number) -> bool:
    return token.text in ("+", "-") and left.percent and right.percent


def _apply(sign: str, left: _Number, right: _Number) -> Fraction:
    if sign in ("+", "-") and right.percent and not left.percent and left.value != 1:
        plain = _shown(right.value)
        raise ArithmeticSyntaxError(
            f"{_shown(left.value)} {sign} {_shown(right.value * 100)}% can be read in two ways: write "
            f"{_shown(left.value)} * (1 {sign} {plain}), or {_shown(left.value)} {sign} {plain}."
        )
    if sign in ("/", "//", "%") and right.value == 0:
        raise ZeroDivisionError(f"{_shown(left.value)} {sign} 0 divides by zero.")
    if sign in ("**", "^"):
        return _bounded(_power(left.value, right.value))
    return _bounded(Fraction(_OPERATIONS[sign](left.value, right.value)))


_OPERATIONS: Final[dict[str, Callable[[Fraction, Fraction], Fraction | int]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "of": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
}


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise OverflowError("A number in it becomes too long.")
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0 and exponent < 0:
        raise ZeroDivisionError("0 to a negative power divides by zero.")
    if exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(exponent) * bits > MOST_BITS and abs(base) not in (0, 1):
            raise OverflowError(f"{_shown(base)} ** {_shown(exponent)} is too large.")
        return base ** (int(exponent) % 2 + 2 if abs(base) == 1 else int(exponent))
    if base < 0:
        raise ArithmeticSyntaxError(f"{_shown(base)} has no real power of {_shown(exponent)}.")
    context = Context(prec=_DIGITS)
    try:
        return Fraction(context.power(_decimal(base, context), _decimal(exponent, context)))
    except DecimalException as error:
        raise OverflowError(f"{_shown(base)} ** {_shown(exponent)} is too large.") from error


def _decimal(value: Fraction, context: Context) -> Decimal:
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def _shown(value: Fraction) -> str:
    return str(number(value)) if abs(value) < _LARGEST else "a very long number"


def number(value: Fraction) -> int | float:
    """The value as JSON has it: whole numbers exactly, others as the nearest double.

    Raises:
        OverflowError: it is larger than 1e300.
    """
    if abs(value) >= _LARGEST:
        raise OverflowError("The result is larger than 1e300.")
    return int(value) if value.denominator == 1 else float(value)


def _sqrt(value: Fraction) -> Fraction:
    if value < 0:
        raise ArithmeticSyntaxError(f"{_shown(value)} has no real square root.")
    above, below = isqrt(value.numerator), isqrt(value.denominator)
    if above * above == value.numerator and below * below == value.denominator:
        return Fraction(above, below)
    context = Context(prec=_DIGITS)
    return Fraction(context.sqrt(_decimal(value, context)))


def _round(value: Fraction, places: Fraction = Fraction(0)) -> Fraction:
    if places.denominator != 1 or abs(places) > _PLACES:
        raise ArithmeticSyntaxError(f"round takes a whole number of places, {_PLACES} at most.")
    scale = Fraction(10) ** int(places)
    whole = floor(abs(value) * scale + Fraction(1, 2))
    return (1 if value >= 0 else -1) * Fraction(whole) / scale


def _of(
    name: str, function: Callable[..., Fraction | int], most: int
) -> Callable[[list[Fraction]], Fraction]:
    def applied(values: list[Fraction]) -> Fraction:
        if len(values) > most:
            raise ArithmeticSyntaxError(f"{name} takes {most} number{'s' * (most > 1)}, not {len(values)}.")
        return Fraction(function(*values))

    return applied


FUNCTIONS: Final[dict[str, Callable[[list[Fraction]], Fraction]]] = {
    "abs": _of("abs", Fraction.__abs__, 1),
    "avg": lambda values: sum(values, Fraction(0)) / len(values),
    "ceil": _of("ceil", ceil, 1),
    "floor": _of("floor", floor, 1),
    "max": max,
    "min": min,
    "round": _of("round", _round, 2),
    "sqrt": _of("sqrt", _sqrt, 1),
    "sum": lambda values: sum(values, Fraction(0)),
}
"""What can be called by name, on one number or several."""
