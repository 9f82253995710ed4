"""What a grammar in llguidance's dialect of Lark may not have, and its embedded schemas. Knows no rules.

Three things of that dialect would get round what is promised elsewhere: naming tokens of the vocabulary,
which could be control tokens; embedded schemas, of which llguidance enforces less than it seems; and
options that do something else than constrain the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from prudent.errors import GrammarError

_TOKEN = re.compile(
    r"""
      (?P<comment> (?://|\#)[^\n]* )
    | (?P<string> "(?:\\.|[^"\\\n])*"i? )
    | (?P<regex> /(?!/)(?:\\.|[^/\\\n])+/[imslux]* )
    | (?P<schema> %json )
    | (?P<option> %llguidance | \btemperature\s*= )
    | (?P<vocabulary> < )
    | (?P<nested> %lark )
    """,
    re.VERBOSE,
)
_REFUSALS: Final[dict[str, str]] = {
    "option": "this option cannot be used",
    "vocabulary": "tokens of the vocabulary cannot be named; write the text",
    "nested": "grammars inside of grammars cannot be used",
}


def with_schemas(grammar: str, enforce: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """The grammar with each schema after `%json` as `enforce` gives it.

    Raises:
        GrammarError: it has what it may not have; the message names line and column.
    """
    return "".join(_pieces(grammar, enforce))


def _pieces(grammar: str, enforce: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[str]:
    done = at = 0
    while (token := _TOKEN.search(grammar, at)) is not None:
        at = token.end()
        kind = token.lastgroup or ""
        if kind in _REFUSALS:
            raise _error(grammar, token.start(), _REFUSALS[kind])
        if kind == "schema":
            schema, end = _schema(grammar, at)
            yield grammar[done:at]
            yield f" {json.dumps(enforce(schema))}"
            done = at = end
    yield grammar[done:]


def _schema(grammar: str, at: int) -> tuple[dict[str, Any], int]:
    start = at + len(grammar[at:]) - len(grammar[at:].lstrip())
    try:
        value, end = json.JSONDecoder().raw_decode(grammar, start)
    except (ValueError, RecursionError):
        raise _error(grammar, at, "a JSON object must follow %json") from None
    if not isinstance(value, dict):
        raise _error(grammar, at, "a JSON object must follow %json")
    return cast("dict[str, Any]", value), end


def _error(grammar: str, at: int, why: str) -> GrammarError:
    line = grammar.count("\n", 0, at) + 1
    column = at - grammar.rfind("\n", 0, at)
    return GrammarError(f"The grammar is refused: line {line}, column {column}: {why}.")
