"""The kinds of grammar that a caller may state. Plain values; knows no compiler and no wire format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Any JSON object."""


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """JSON that is valid against a schema, given as JSON text: the order of its properties is the answer's.

    Not `strict` leaves to the model what cannot be enforced.
    """

    schema: str
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Regex:
    """Text that an expression matches as a whole; the dialect is that of JSON Schema's `pattern`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these texts."""

    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lark:
    """Text of a context-free grammar in llguidance's dialect of Lark."""

    grammar: str


GrammarSource: TypeAlias = JsonObject | JsonSchema | Regex | Choice | Lark


def digest(source: GrammarSource) -> bytes:
    """A key that only equal sources share."""
    return hashlib.sha256(repr(source).encode("utf-8", "backslashreplace")).digest()
