"""Other spellings of a value that a tool may know it by: as the request has it, one of several, singular.

Small models write `pine_chair` for `3 pine chairs`, and take `tables or chairs` for one thing. Asks no model,
knows no step.
"""

from __future__ import annotations

import re

from prudent_agents.grounding.facts import stated

MOST_PIECES = 4
LONGEST = 200
"""Characters; a longer value is no name of anything."""
_EXACT = re.compile(r"[./\\@:]\w")
"""What names of files and addresses have: these have one spelling."""
_MARK = re.compile(r"[_-]")
_MARKED = re.compile(r"[a-z]+(?:[_-][a-z]+)+", re.IGNORECASE)
_LIST = re.compile(
    r"\s*[,，、;]\s*(?:and\s|or\s)?\s*|\s+(?:and|or|versus|vs\.?)\s+|(?:以及|还是|或者|[和与跟或])"
)
_PLURAL = re.compile(r"(?<=[a-z])(?:(?<=[shx])es|(?<=[^su])s)$", re.IGNORECASE)


def in_words(value: str, request: str) -> str:
    """`pine_chair` as `pine chair` where the request speaks of pine chairs; else the value itself."""
    if len(value) > LONGEST or not _MARKED.fullmatch(value) or value.casefold() in request.casefold():
        return value
    spaced = _MARK.sub(" ", value)
    return spaced if stated(spaced, request) or stated(f"{spaced}s", request) else value


def pieces(value: str, request: str) -> list[str]:
    """The things that a value names where it names several that the request speaks of; else none."""
    found = [one.strip() for one in _LIST.split(value[:LONGEST])]
    whole = len(value) <= LONGEST and 1 < len(found) <= MOST_PIECES
    return found if whole and all(one and stated(one, request) for one in found) else []


def respelt(value: str) -> str | None:
    """The next spelling to try: the singular, then capitals. None where there is none; names have none."""
    if len(value) > LONGEST or not value.islower() or _EXACT.search(value):
        return None
    singular = _PLURAL.sub("", value)
    other = singular if singular != value else value.title()
    return other if other != value else None
