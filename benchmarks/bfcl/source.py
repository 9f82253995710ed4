"""Source text of a Java or JavaScript value to the value; what cannot be converted stays text.

As the leaderboard's rules describe it: number suffixes, quoted strings, the usual ways to write collections.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

_INTEGERS = {"integer", "int", "long", "short", "byte", "Bigint"}
_FLOATS = {"float", "double"}
_LISTS = {"Array", "ArrayList", "array", "Set", "Queue", "Stack", "tuple"}
_OBJECTS = {"HashMap", "Hashtable", "dict"}
_QUOTES = "\"'`"
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_PUT = re.compile(r"\.?put\s*\((.*)\)\s*;?\s*$", re.DOTALL)


def from_source(text: Any, schema: Json, category: str) -> Any:
    """The value that `text` stands for under a schema of the data."""
    if not isinstance(text, str):
        return text
    kind = str(schema.get("type", "any"))
    items = schema.get("items")
    inner = items if isinstance(items, dict) else {"type": "any"}
    text = text.strip().rstrip(";").strip()
    if kind in _INTEGERS:
        return _number(text, r"([-+]?\d+)[lLn]?", int)
    if kind in _FLOATS:
        return _number(text, r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[fFdD]?", float)
    if kind in ("boolean", "Boolean"):
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in ("String", "string", "char"):
        return _unquoted(text)
    if kind in _LISTS:
        return _list(text, inner, category)
    if kind in _OBJECTS:
        return _object(text, category)
    return _unquoted(text)


def _number(text: str, pattern: str, convert: Callable[[str], Any]) -> Any:
    match = re.fullmatch(pattern, text)
    return convert(match.group(1)) if match else text


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in _QUOTES:
        return text[1:-1]
    return text


def _list(text: str, items: Json, category: str) -> Any:
    for opening in (
        r"new\s+\w+(?:<[^>]*>)?\s*\(\s*Arrays\.asList\s*\(",
        r"(?:Arrays\.asList|List\.of|Set\.of)\s*\(",
    ):
        match = re.match(opening, text)
        if match:
            inside = text[match.end() :].rstrip(") ")
            return [_element(part, items, category) for part in _split(inside)]
    match = re.match(r"new\s+\w+(?:<[^>]*>)?\s*\[\s*\]\s*", text)
    if match:
        text = text[match.end() :]
    literal = "{}" if category == "simple_java" else "[]"
    if text[:1] == literal[0] and text[-1:] == literal[1]:
        return [_element(part, items, category) for part in _split(text[1:-1])]
    if re.fullmatch(r"new\s+\w+(?:<[^>]*>)?\s*\(\s*\)", text):
        return []
    return text


def _object(text: str, category: str) -> Any:
    if re.fullmatch(r"new\s+\w+(?:<[^>]*>)?\s*\(\s*\)", text):
        return {}
    match = re.match(r"new\s+\w+(?:<[^>]*>)?\s*\(\s*\)\s*\{\s*\{(.*)\}\s*\}$", text, re.DOTALL)
    if match:
        pairs = [_PUT.match(part.strip()) for part in _split(match.group(1), ";")]
        return _pairs([_split(pair.group(1)) for pair in pairs if pair], category)
    match = re.match(r"Map\.of\s*\((.*)\)$", text, re.DOTALL)
    if match:
        parts = _split(match.group(1))
        return _pairs([parts[i : i + 2] for i in range(0, len(parts), 2)], category)
    if category != "simple_java" and text.startswith("{") and text.endswith("}"):
        return _pairs([_split(part, ":", most=2) for part in _split(text[1:-1])], category)
    return text


def _pairs(pairs: list[list[str]], category: str) -> Json:
    return {
        _unquoted(pair[0].strip()): _element(pair[1], {"type": "any"}, category)
        for pair in pairs
        if len(pair) == 2
    }


def _element(text: str, schema: Json, category: str) -> Any:
    """One element: by its type where that is known, else by how it looks."""
    text = text.strip()
    if schema.get("type", "any") != "any":
        return from_source(text, schema, category)
    if text[:1] in _QUOTES:
        return _unquoted(text)
    if re.fullmatch(r"[-+]?\d+[lLn]?", text):
        return int(text.rstrip("lLn"))
    if re.fullmatch(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?[fFdD]?", text):
        return float(text.rstrip("fFdD"))
    if text in ("true", "false"):
        return text == "true"
    if text == "null":
        return None
    if text.startswith("["):
        return _list(text, {"type": "any"}, category)
    if text.startswith(("{", "new HashMap")):
        return _object(text, category)
    return text


def _split(text: str, separator: str = ",", most: int | None = None) -> list[str]:
    """Parts between separators that stand in no quotes and no brackets."""
    parts, current, closing, quote = [], "", [], ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _BRACKETS:
            closing.append(_BRACKETS[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif character == separator and not closing and (most is None or len(parts) < most - 1):
            parts.append(current)
            current = ""
            continue
        current += character
    parts.append(current)
    return [part.strip() for part in parts if part.strip()]
