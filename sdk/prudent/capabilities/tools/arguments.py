"""The arguments of one call, one pass each: required ones first, then of each optional one whether it is meant.

An optional argument is first proposed and then judged: small models fill what nobody asked for, and what
they fill shows it. Knows no tool choice and no engine.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.logistic import Logistic
from prudent.capabilities.tools.passes import Outcome, Pass
from prudent.capabilities.tools.schema import Argument, Json
from prudent.capabilities.tools.value_grammar import value_grammar

_MOST_TOKENS = 512
_ALTERNATIVES = 20
_DEFAULT = re.compile(
    r"default(?:s|ed)?(?:\s+value)?(?:\s+(?:is|to|of|as))?\s*[:=]?\s*['\"`]?([-\w.%/ ]+?)['\"`]?(?:[.,;)]|$)",
    re.I,
)


@dataclass(slots=True)
class Filled:
    """Arguments as they were filled; `tokens` is the object as the model read it back.

    `judged` has the signals of each optional argument, whatever became of it.
    """

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    tokens: tuple[int, ...] = ()
    logprobs: list[float] = field(default_factory=list[float])
    judged: dict[str, tuple[Any, dict[str, float | None]]] = field(default_factory=dict)
    complete: bool = True


def fill(
    language: Language,
    prompt: tuple[int, ...],
    tool: PreparedTool,
    evidence: Evidence,
    wanted: Logistic | None,
) -> Generator[Pass, Outcome, Filled]:
    """Fill a tool's arguments after `prompt`, which ends before the object and its space.

    `wanted` judges optional arguments; None takes every one that is proposed.
    """
    filled = Filled()
    ordered = sorted(tool.parameters.arguments, key=lambda argument: not argument.required)
    for argument in ordered:
        opening = (", " if filled.values else " {") + json.dumps(argument.name, ensure_ascii=False) + ":"
        start = prompt + filled.tokens
        margin = None
        if not argument.required and filled.values:
            margin = yield from _goes_on(language, start)
        start += tuple(language.encode(opening))
        grammar = value_grammar(argument.schema, evidence.numbers, tool.parameters.definitions)
        outcome = yield Pass(start, grammar, _MOST_TOKENS)
        try:
            value = json.loads(language.decode(outcome.tokens))
        except ValueError:
            if argument.required:
                filled.complete = False
                return filled
            continue  # cut short: an optional argument is better left out
        if not argument.required:
            signals = optional_signals(argument, value, evidence, margin, outcome)
            filled.judged[argument.name] = (value, signals)
            if wanted is not None and not wanted.says_yes(signals):
                continue
        filled.values[argument.name] = value
        filled.tokens = start[len(prompt) :] + outcome.tokens
        filled.logprobs += outcome.logprobs
    closing = "}" if filled.values else " {}"
    filled.tokens += tuple(language.encode(closing))
    return filled


def _goes_on(language: Language, prompt: tuple[int, ...]) -> Generator[Pass, Outcome, float]:
    """How much rather the model writes a comma here than a brace, in nats."""
    outcome = yield Pass(prompt, None, 1, _ALTERNATIVES)
    found = {",": -20.0, "}": -20.0}
    for token, logprob in outcome.alternatives[0] if outcome.alternatives else ():
        first = language.token_text(token).lstrip()[:1]
        if first in found:
            found[first] = math.log(math.exp(found[first]) + math.exp(logprob))
    return found[","] - found["}"]


def optional_signals(
    argument: Argument, value: Any, evidence: Evidence, margin: float | None, outcome: Outcome
) -> dict[str, float | None]:
    """What speaks for an optional argument and against it."""
    schema = argument.schema
    default = stated_default(schema)
    grounded = evidence.grounded(value)
    boolean = isinstance(value, bool)
    mention = evidence.mentions(argument.name)
    about = evidence.mentions(argument.description)
    return {
        "goes_on": margin,
        "grounded": None if boolean else grounded,
        "wholly_grounded": None if boolean else float(grounded >= 0.99),
        "is_default": float(default is not None and _like(value, default)),
        "has_default": float(default is not None),
        "name_mentioned": mention,
        "description_mentioned": about,
        "boolean": float(boolean),
        "boolean_mentioned": mention + about if boolean else 0.0,
        "boolean_true": float(value is True),
        "number": float(isinstance(value, int | float) and not boolean),
        "enum": float("enum" in schema),
        "list": float(isinstance(value, list | dict)),
        "empty": float(value in ("", [], {}) or value is None),
        "confidence": sum(outcome.logprobs) / max(1, len(outcome.logprobs)),
    }


def stated_default(schema: Json) -> Any:
    """The default that the schema has or its description tells of, None where there is none."""
    if "default" in schema:
        return schema["default"]
    match = _DEFAULT.search(str(schema.get("description", "")))
    return match.group(1).strip() if match else None


def _like(value: Any, default: Any) -> bool:
    return str(value).strip().lower() == str(default).strip().lower()
