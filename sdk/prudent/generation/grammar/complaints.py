"""llguidance's messages about a grammar, as people should read them. Knows their shape and nothing else."""

from __future__ import annotations

import re

_LENGTH = 300
_PLACE = re.compile(r"(?:at )?(\d+)\((\d+)\): ")
_REGEX_CAUSE = re.compile(r"^error: (.+)$", re.MULTILINE)
# The first line of a message about a regular expression repeats the expression.
_REGEX_PROLOGUE = re.compile(r"invalid regex .*\(in regex\): (?:regex parse error:)?|Invalid regex.*")
_WORD_EDGES = re.compile(r"lookarounds not supported yet; Word.*")


def readable(message: str, *, with_place: bool = True) -> str:
    """One sentence without the picture of the source; `with_place` puts line and column before it."""
    place = _PLACE.match(message)
    rest = message if place is None else message[place.end() :]
    cause = _REGEX_CAUSE.search(rest)
    if cause is not None:
        text = cause[1]
    else:
        text = rest.strip().partition("\n")[0]
        text = _WORD_EDGES.sub(r"\\b and \\B are not supported", _REGEX_PROLOGUE.sub("", text)).strip()
        text = text.partition("; following special tokens")[0]
    text = f"{text[:_LENGTH]}{'...' if len(text) > _LENGTH else ''}".rstrip(".")
    if place is not None and with_place:
        return f"line {place[1]}, column {place[2]}: {text}"
    return text
