"""A Jinja environment in which a downloaded template can neither reach out nor grow without bound.

Knows Jinja; no tokens, no messages. Jinja's own sandbox keeps a template from Python's internals. What that
leaves open is size and time: text doubled in a loop, lists of references to one long text that are written
out, nested loops, macros calling themselves. So every way to make something larger is either absent (filters
and methods not listed here) or charged to a budget before it happens: operators, concatenation, slices,
captured blocks, output, filters, method calls; and every iteration and call is a step.

`rewrite` leads the constructs that Jinja compiles to plain Python through methods of this class. They stand
in the template as attributes of the environment, which a template cannot name or shadow.
"""

from __future__ import annotations

import datetime
import functools
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Any, cast

from jinja2.exceptions import TemplateError
from jinja2.ext import loopcontrols
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

# Filters that write their operands out, and so may multiply a text that is in a list many times.
_TEXT_FILTERS = ("capitalize", "e", "escape", "lower", "safe", "string", "title", "trim", "upper")
_OTHER_FILTERS = (
    "abs", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length", "list",
    "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort", "unique",
)  # fmt: skip
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        {
            "capitalize", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdigit",
            "islower", "isnumeric", "isspace", "isupper", "join", "lower", "lstrip", "partition",
            "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip",
            "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
        }
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    int: frozenset(),
    float: frozenset(),
    bytes: frozenset(),
}  # fmt: skip
_NUMBER_BITS = 256
_INDENT = 16
_DATE_FORMAT = 64
_SIGN = 8  # what writing out anything costs at least: brackets, quotes, digits


class TemplateLimitError(TemplateError):
    """The template does more than a chat template has to."""


class TemplateRefusalError(TemplateError):
    """The template called `raise_exception`: it does not take these messages."""


@dataclass(slots=True)
class Allowance:
    """What a render may still spend: characters or items made, iterations and calls, and processor time.

    `deadline` is on the clock of `time.thread_time`, in seconds: a busy machine is not the template's fault.
    """

    units: int
    steps: int
    deadline: float

    def charge(self, units: int) -> None:
        """Take units.

        Raises:
            TemplateLimitError: they are spent.
        """
        self.units -= units
        if self.units < 0:
            raise TemplateLimitError("it makes too much text")

    def step(self) -> None:
        """Take one step.

        Raises:
            TemplateLimitError: the steps are spent, or the deadline has passed.
        """
        self.steps -= 1
        if self.steps < 0 or (self.steps % 256 == 0 and time.thread_time() > self.deadline):
            raise TemplateLimitError("it runs too long")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The environment of one template. One render at a time: `allowance` is set anew before each."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, optimized=False, extensions=[loopcontrols])
        self.allowance = Allowance(units=0, steps=0, deadline=0.0)
        known: dict[str, Callable[..., Any]] = dict(self.filters)
        self.filters.clear()
        for name in _TEXT_FILTERS:
            self.filters[name] = self._charged(known[name], text=True)
        for name in _OTHER_FILTERS:
            self.filters[name] = self._charged(known[name], text=False)
        self.filters["join"] = self._join
        self.filters["replace"] = self._replace
        self.filters["tojson"] = self._charged(_tojson, text=True)
        del self.globals["lipsum"]
        names = cast("dict[str, Any]", self.globals)
        names.update(raise_exception=_raise_exception, strftime_now=_strftime_now)
        self.finalize = self._finalize
        self.concat = self._concat

    # What `rewrite` and Jinja's compiler lead through here.

    def bounded_concat(self, *parts: object) -> str:
        """The `~` operator."""
        for part in parts:
            self._charge_text_of(part)
        return "".join(map(str, parts))

    def bounded_iteration(self, values: Iterable[object]) -> Iterator[object]:
        """What a `for` loop runs over."""
        for value in values:
            self.allowance.step()
            yield value

    def bounded_slice(self, value: Any, start: Any, stop: Any, stride: Any) -> Any:
        """`value[start:stop:stride]`."""
        self.allowance.charge(_size(value))
        return value[start:stop:stride]

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`+`, `*`, `**` and `%`."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "+":
            self.allowance.charge(_size(left) + _size(right))
        elif operator == "*" and not numbers:
            times = right if isinstance(right, int) else left
            self.allowance.charge((_size(left) + _size(right)) * (times if isinstance(times, int) else 1))
        elif operator == "%" and not numbers:
            raise TemplateLimitError("it formats text with '%'")
        elif operator == "**" and not (numbers and abs(left) < 2**16 and abs(right) <= 16):
            raise TemplateLimitError("it computes with large numbers")
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, int) and result.bit_length() > _NUMBER_BITS:
            raise TemplateLimitError("it computes with large numbers")
        return result

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Every call that a template makes: methods, macros, globals."""
        __self.allowance.step()
        owner: object = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            args = tuple(
                list(cast("Iterator[Any]", arg)) if isinstance(arg, Iterator) else arg for arg in args
            )
            for arg in args:
                __self._charge_text_of(arg)
            __self.allowance.charge(_growth(owner, __obj.__name__, args))
        result = super().call(__context, __obj, *args, **kwargs)
        __self.allowance.charge(_size(result))
        return result

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of built-in types only the methods that chat templates use."""
        for kind, methods in _METHODS.items():
            if isinstance(obj, kind):
                return attr in methods
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Not offered: a width in the format makes text of any length."""

    # Charging.

    def _charge_text_of(self, value: object) -> None:
        # Before it is written out: one long text may be in it many times.
        if isinstance(value, str):
            self.allowance.charge(len(value))
            return
        self.allowance.charge(_SIGN)
        if isinstance(value, Namespace):
            raise TemplateLimitError("it writes out a namespace")
        if isinstance(value, Mapping):
            for key, item in cast("Mapping[object, object]", value).items():
                self._charge_text_of(key)
                self._charge_text_of(item)
        elif isinstance(value, Collection):
            for item in cast("Collection[object]", value):
                self._charge_text_of(item)

    def _finalize(self, value: Any) -> Any:
        if not isinstance(value, str):
            self._charge_text_of(value)
        return value

    def _concat(self, parts: Iterable[str], /) -> str:
        pieces: list[str] = []
        for piece in parts:
            self.allowance.charge(len(piece))
            pieces.append(piece)
        return "".join(pieces)

    def _charged(self, function: Callable[..., Any], *, text: bool) -> Callable[..., Any]:
        # `wraps` copies Jinja's marks too, so a filter that wants the context still gets it.
        @functools.wraps(function)
        def charged(*args: Any, **kwargs: Any) -> Any:
            self.allowance.step()
            if text:
                for operand in (*args, *kwargs.values()):
                    self._charge_text_of(operand)
            result = function(*args, **kwargs)
            self.allowance.charge(_size(result))
            return result

        return charged

    def _join(self, value: Iterable[object], d: str = "") -> str:
        items = list(value)
        self._charge_text_of(items)
        self.allowance.charge(_growth(d, "join", (items,)))
        return d.join(map(str, items))

    def _replace(self, value: object, old: str, new: str, count: int = -1) -> str:
        self._charge_text_of(value)
        text = str(value)
        self.allowance.charge(_growth(text, "replace", (old, new)))
        return text.replace(old, new, count)


def _size(value: object) -> int:
    return len(value) if isinstance(value, Sized) else 0


def _growth(text: str, method: str, args: tuple[Any, ...]) -> int:
    """How much longer than its operands the result of a method of `text` may be."""
    if method == "replace" and len(args) >= 2:
        return text.count(args[0]) * len(args[1])
    if method == "join" and args:
        return len(text) * _size(args[0])
    return 0


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """As chat templates expect it: unlike Jinja's own it escapes nothing for HTML."""
    if indent is not None and not 0 <= indent <= _INDENT:
        raise TemplateLimitError("it indents too far")
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise_exception(message: object) -> None:
    raise TemplateRefusalError(str(message))


def _strftime_now(pattern: str) -> str:
    if len(pattern) > _DATE_FORMAT:
        raise TemplateLimitError("it formats a date at length")
    return datetime.datetime.now().astimezone().strftime(pattern)
