"""What a call has that nobody said: facts and choices that a model made up. Asks no model, knows no plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prudent_agents.facts import is_fact, stated
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_STEM = 5
_COMMON = frozenset(
    ("and", "any", "are", "for", "from", "new", "not", "please", "some", "that", "the", "this", "with", "you")
)


def lacking(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first argument that is a fact (a number, a date, an address) which the text does not hold."""
    for name, value in arguments.items():
        if "enum" not in tool.properties.get(name, {}) and is_fact(value) and not stated(value, text):
            return name
    return None


def is_text(schema: Mapping[str, Any] | None) -> bool:
    """Whether values of a schema are texts, so that one may be handed on whole."""
    return schema is not None and schema.get("type") == "string"


def unsaid(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first required argument of a call that writes which has nothing to do with the text.

    Words of the tool's own card do not count: `Open a ticket.` says of no ticket what it is about. Choices
    that the tool's author wrote are not judged here.
    """
    if tool.effect is Effect.READ:
        return None
    own = _words(f"{tool.name} {tool.card}")
    for name in tool.required:
        value = arguments.get(name)
        schema = tool.properties.get(name, {})
        if not isinstance(value, str) or "enum" in schema or is_fact(value):
            continue
        words = _words(value) - own
        said = stated(value, text) and (bool(words) or not _words(value))
        if not said and not (words & _words(text)):
            return name
    return None


def unsaid_choice(tool: Tool, arguments: Mapping[str, JSON], text: str) -> str | None:
    """The first choice of a call that writes whose word does not stand in the text: it may be a guess.

    Of a Chinese text nothing can be told: tools name their options in English.
    """
    if tool.effect is Effect.READ or _CHINESE.search(text):
        return None
    for name in tool.required:
        value = arguments.get(name)
        if "enum" in tool.properties.get(name, {}) and isinstance(value, str) and not stated(value, text):
            return name
    return None


def question(tool: Tool, name: str, goal: str) -> str:
    """Asks the user for what a call lacks, in the language of the goal."""
    schema: Mapping[str, Any] = tool.properties.get(name, {})
    what = schema.get("description") or name.replace("_", " ")
    options = f" ({', '.join(map(str, schema['enum']))})" if "enum" in schema else ""
    if _CHINESE.search(goal):
        return f"请告诉我{name}（{what}）{options}是什么？"
    return f"I need to know this first: {what}{options}?"


def _words(text: str) -> set[str]:
    """The beginnings of a text's words, and its pairs of Chinese characters."""
    found: set[str] = set()
    for word in re.findall(r"[^\W\d_]+", text.replace("_", " ").casefold()):
        if word.isascii() and len(word) > 2 and word not in _COMMON:
            found.add(word[:_STEM])
        elif not word.isascii():
            found |= {word[at : at + 2] for at in range(max(1, len(word) - 1))}
    return found
