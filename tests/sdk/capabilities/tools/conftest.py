"""A language of single characters and a model that answers from a list: turns tested without weights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.passes import Outcome, Pass
from prudent.capabilities.tools.schema import parameters_of
from prudent.types.tools import ToolCallDelta

STOP = 0


@dataclass
class ScriptedCaller:
    """Names tools and fills values by what stands in its lists; `passes` keeps what it was asked.

    Of the values of an argument the first is used up with each call, the last one serves again and again.
    `goes_on` is the log-probability of another call after each, the rest goes to the end.
    """

    names: list[str]
    values: Mapping[str, Sequence[Any]]
    goes_on: Sequence[float] = (-12.0,)
    passes: list[Pass] = field(default_factory=list[Pass])

    def run(self, program: Generator[Any, Any, Any]) -> tuple[list[ToolCallDelta], Any]:
        """The program's deltas and what it returns."""
        names, goes_on = list(self.names), list(self.goes_on)
        values = {name: list(options) for name, options in self.values.items()}
        deltas: list[ToolCallDelta] = []
        answer: Outcome | None = None
        while True:
            try:
                step = program.send(answer)
            except StopIteration as end:
                return deltas, end.value
            answer = None
            if isinstance(step, ToolCallDelta):
                deltas.append(step)
                continue
            self.passes.append(step)
            answer = self._answer(step, names, values, goes_on)

    def _answer(
        self, step: Pass, names: list[str], values: dict[str, list[Any]], goes_on: list[float]
    ) -> Outcome:
        prompt = "".join(map(chr, step.prompt))
        if step.grammar is None:
            on = _next(goes_on)
            return Outcome((STOP,), (-0.1,), (((STOP, -0.1), (ord("\n"), on)),))
        if prompt.endswith('{"name": "'):
            return _said(f'{_next(names)}"')
        key = re.findall(r'"([^"]*)":$', prompt)[0]
        value = _next(values[key])
        if value is Ellipsis:
            return Outcome(tuple(map(ord, ' "never end')), (-1.0,) * 11, complete=False)
        return _said(f" {json.dumps(value)},")


def _next(options: list[Any]) -> Any:
    return options.pop(0) if len(options) > 1 else options[0]


def _said(text: str) -> Outcome:
    tokens = tuple(map(ord, text))
    return Outcome(tokens, (-0.1,) * len(tokens), tuple((((token, -0.1),)) for token in tokens))


@pytest.fixture
def language() -> Language:
    return Language(
        encode=lambda text: list(map(ord, text)),
        decode=lambda tokens: "".join(map(chr, tokens)),
        token_text=lambda token: "" if token == STOP else chr(token),
        stops=frozenset({STOP}),
    )


@pytest.fixture
def tool() -> Callable[..., PreparedTool]:
    """A tool from its name, the schemas of its arguments, and which of these are optional."""

    def make(
        name: str, optional: Sequence[str] = (), about: str = "", **schemas: dict[str, Any]
    ) -> PreparedTool:
        required = [key for key in schemas if key not in optional]
        schema = {"type": "object", "properties": schemas, "required": required}
        return PreparedTool(name, about, parameters_of(schema, strict=True))

    return make


@pytest.fixture
def caller() -> type[ScriptedCaller]:
    return ScriptedCaller
