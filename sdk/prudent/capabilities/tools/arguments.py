"""The arguments of one call, a pass each: required ones first, then whether an optional one is meant.

An optional argument is first proposed and then judged: small models fill what nobody asked for, and what
they fill shows it. Knows no tool choice and no engine.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from prudent.capabilities.tools.cards import PreparedTool, kind_of
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.logistic import Logistic
from prudent.capabilities.tools.passes import Outcome, Pass
from prudent.capabilities.tools.schema import Argument, Json
from prudent.capabilities.tools.value_grammar import string_of, value_grammar

Signals: TypeAlias = dict[str, float | None]

Settled: TypeAlias = dict[tuple[str, str, str], bool]
"""Whether an optional argument was taken, by tool, argument and value (as JSON)."""

_MOST_TOKENS = 512
_ALTERNATIVES = 20
_LEAST = 1e-9
_LIMITS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "const"})
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
    judged: dict[str, tuple[Any, Signals]] = field(default_factory=dict[str, tuple[Any, Signals]])
    complete: bool = True


def fill(
    language: Language,
    prompt: tuple[int, ...],
    tool: PreparedTool,
    evidence: Evidence,
    wanted: Logistic | None,
    settled: Settled | None = None,
) -> Generator[Pass, Outcome, Filled]:
    """Fill a tool's arguments after `prompt`, which ends before the object and its space.

    `wanted` judges optional arguments; None takes every one that is proposed. What it says goes into
    `settled` and holds for the same value in the calls that follow: twins are not told apart.
    """
    filled = Filled()
    settled = {} if settled is None else settled
    margin: float | None = None
    for argument in sorted(tool.parameters.arguments, key=lambda argument: not argument.required):
        opening = (", " if filled.values else " {") + json.dumps(argument.name, ensure_ascii=False) + ":"
        start = prompt + filled.tokens + tuple(language.encode(opening))
        grammar = value_grammar(argument.enforced, _numbers(argument, evidence))
        outcome = yield Pass(start, grammar, _MOST_TOKENS, _ALTERNATIVES)
        text = language.decode(outcome.tokens)[:-1]
        if not outcome.complete:
            if argument.required:
                filled.complete = False
                return filled
            continue  # an optional argument that does not end is better left out
        value = _as_meant(trimmed(json.loads(text), argument.schema, evidence), argument, evidence)
        if not argument.required:
            signals = optional_signals(argument, value, evidence, margin, outcome.logprobs)
            filled.judged[argument.name] = (value, signals)
            key = (tool.name, argument.name, string_of(value))
            taken = not signals["is_default"] and (wanted is None or wanted.says_yes(signals))
            if not settled.setdefault(key, taken):
                continue  # leaving a default out means the same, and cannot be wrong
        filled.values[argument.name] = value
        filled.tokens = start[len(prompt) :] + _tokens_of(language, outcome, text, value)
        filled.logprobs += outcome.logprobs
        margin = _goes_on(language, outcome)
    filled.tokens += tuple(language.encode("}" if filled.values else " {}"))
    return filled


def _numbers(argument: Argument, evidence: Evidence) -> tuple[float, ...]:
    """The numbers of the evidence as this argument counts."""
    return evidence.numbers_for(*_counts(argument))


def _as_meant(value: Any, argument: Argument, evidence: Evidence) -> Any:
    """A figure of the request as this argument counts, unless its author limited the numbers himself."""
    if argument.schema.keys() & _LIMITS or "enum" in argument.schema:
        return value
    return evidence.as_meant(value, *_counts(argument))


def _counts(argument: Argument) -> tuple[str, str]:
    kind = "integer" if "integer" in kind_of(argument.schema) else "number"
    return kind, f"{argument.name} {argument.description}"


def _tokens_of(language: Language, outcome: Outcome, text: str, value: Any) -> tuple[int, ...]:
    """The tokens of a value without what ends it; as the model wrote them where that can be."""
    written = string_of(value)
    if written == text[1:] and len(language.token_text(outcome.tokens[-1])) == 1:
        return outcome.tokens[:-1]
    return tuple(language.encode(" " + written))


def _goes_on(language: Language, outcome: Outcome) -> float | None:
    """How much rather the model wrote a comma after the value than a brace, in nats."""
    found = {",": _LEAST, "}": _LEAST}
    for token, logprob in outcome.alternatives[-1] if outcome.alternatives else ():
        text = language.token_text(token).lstrip(' "]')[:1]
        if text in found:
            found[text] += math.exp(logprob)
    return math.log(found[","]) - math.log(found["}"])


def optional_signals(
    argument: Argument, value: Any, evidence: Evidence, margin: float | None, logprobs: Sequence[float]
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
        "confidence": sum(logprobs) / max(1, len(logprobs)),
    }


def trimmed(value: Any, schema: Json, evidence: Evidence) -> Any:
    """A list without the tail that nobody asked for: from the first item on that is a repetition or, where
    the first item is spoken of, is not."""
    if not isinstance(value, list) or len(cast("list[Any]", value)) < 2:
        return cast("Any", value)
    items = cast("list[Any]", value)
    numeric = all(isinstance(item, int | float) for item in items)
    first = evidence.grounded(items[0])
    end = 1
    for item in items[1:]:
        stray = first >= 0.5 and evidence.grounded(item) == 0.0 and evidence.could_tell(item)
        repeated = not numeric and item in items[:end]
        if (stray or repeated) and end >= int(schema.get("minItems", 0)):
            break
        end += 1
    return items[:end]


def stated_default(schema: Json) -> Any:
    """The default that the schema has or its description tells of, None where there is none."""
    if "default" in schema:
        return schema["default"]
    match = _DEFAULT.search(str(schema.get("description", "")))
    return match.group(1).strip() if match else None


def _like(value: Any, default: Any) -> bool:
    return str(value).strip().lower() == str(default).strip().lower()
