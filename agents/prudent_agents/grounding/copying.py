"""Corrects what a model copied from a request: names of files, quotations, names of people. Asks no model.

Small models run words together (`readme.md` of `文件readme.md` becomes `filereadme.md`) and take too much:
the verb before a name, the sentence around a quotation.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from prudent_agents.grounding.facts import stated

FILE = re.compile(
    r"(?<![A-Za-z0-9_-])(?<![A-Za-z0-9_-]\.)"
    r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z]{1,4}(?![A-Za-z0-9])"
)
_QUOTED = re.compile(
    r"[\"“‘「『《](?P<double>[^\"“‘「『《”’」』》]+)[\"”’」』》]|(?<!\w)'(?P<single>[^']+)'(?!\w)"
)
_NAME = re.compile(r"\b[A-Z][A-Za-z]{3,}\b")
_ADDRESSES = re.compile(
    r"(?:E-?)?[Mm]ail|Call|Phone|Ring|Text|Message|Tell|Ask|Remind|Invite|Inform|Notify|Send|Pay"
)
"""Verbs that have a name after them, and that begin no name."""
_ALIKE = 0.75
"""Share of characters in common from which on a name is taken for another one that was meant."""
_LONGEST_NAME = 255
_MOST_NAMES = 50
"""Names of a request that a name is compared with."""


def copied(value: str, request: str) -> str:
    """The value as the request has it, where it is a slip of the copy; else the value itself."""
    quoted = [found["double"] or found["single"] for found in _QUOTED.finditer(request)]
    inside = [one for one in quoted if one in value]
    if len(inside) == 1 and value != inside[0] and len(value) > len(inside[0]):
        before, _, after = value.partition(inside[0])
        if all(stated(piece, request) or not re.search(r"\w", piece) for piece in (before, after)):
            return inside[0]
    files: list[str] = FILE.findall(request)
    if FILE.fullmatch(value) and value not in files:
        return _nearest(value, files) or value
    if _NAME.fullmatch(value) and not stated(value, request):
        return _nearest(value, [one for one in _NAME.findall(request) if one[0] == value[0]]) or value
    return _without_verb(value, request)


def addressed(value: str, request: str) -> str:
    """A name that is looked up, without the verb before it: `Mail Ann` of `Mail Ann that ...`."""
    first, _, name = value.partition(" ")
    verb = _ADDRESSES.fullmatch(first) is not None and re.fullmatch(r"[A-Z][\w'-]+", name) is not None
    return name if verb and request.lstrip().startswith(value) else value


def _nearest(value: str, names: list[str]) -> str | None:
    """The one name that the value was probably copied from."""
    if len(value) > _LONGEST_NAME:
        return None
    matchers = ((one, SequenceMatcher(None, value, one)) for one in dict.fromkeys(names))
    near = [
        (one, matcher)
        for one, matcher in matchers
        if one in value or (matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE)
    ]
    likeness = {one: matcher.ratio() for one, matcher in near[:_MOST_NAMES]}
    best = max(likeness, key=lambda one: likeness[one], default=None)
    return best if best is not None and (likeness[best] >= _ALIKE or best in value) else None


def _without_verb(value: str, request: str) -> str:
    """A name of several words without the verb that begins the request: `Call Ann Lee`."""
    first, _, rest = value.partition(" ")
    words = rest.split()
    named = len(words) > 1 and all(re.match(r"[A-Z]", word) for word in words)
    return rest if named and request.lstrip().startswith(f"{first} {words[0]}") else value
