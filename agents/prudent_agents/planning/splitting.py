"""Where a request has two parts that need no judgement to be told apart. Asks no model, knows no tool.

Small models leave two questions in one sentence as they are, and answer one of them from memory.
"""

from __future__ import annotations

import re

from prudent_agents.grounding.referring import refers_back
from prudent_agents.grounding.telling import is_told, sends, split_telling

_ASKS = (
    r"(?:(?:since|until|from|by|for|at|in|on|with|to) )?"
    r"(?:how|what|which|who|whose|when|where|why)(?:'s|'re)?\b"
)
_OR_WHETHER = r"(?:is|are|does|do|did|has|have|can|will|was|were) (?!not\b|nothing\b)"
_TWO_QUESTIONS = re.compile(
    rf"(?P<first>\s*(?:and |please |can you )*(?:tell me |find out |look up |check )?{_ASKS}"
    r"[^.!?。？！]{4,300}?),?"
    rf" and (?P<other>(?:also )?(?:{_ASKS}|{_OR_WHETHER})[^.!?。？！]{{4,300}}\?*)\s*",
    re.IGNORECASE,
)
_THEN_LOOK = re.compile(
    r"[，,；;。]\s*(?:然后|再|接着|最后|并且|并|同时|另外|还有|也)*\s*(?=(?:告诉我|查|看看|说说|帮我|给我)[^，,。]{2})"
)
_HIM = re.compile(r"\b(?:him|her|them)\b|[他她]", re.IGNORECASE)
_LONGEST = 2_000


def apart(text: str) -> list[str]:
    """The parts of a request: two questions joined by `and`, `...,再告诉我...`; else the whole."""
    if len(text) > _LONGEST:
        return [text]
    found = _TWO_QUESTIONS.fullmatch(text)
    if found is not None and not refers_back(found["other"]):
        return [f"{found['first'].strip()}?", found["other"][:1].upper() + found["other"][1:]]
    ends = [one.span() for one in _THEN_LOOK.finditer(text) if one.start()]
    starts = [0, *(end for _, end in ends)]
    stops = [*(begin for begin, _ in ends), len(text)]
    return [text[start:stop] for start, stop in zip(starts, stops, strict=True)]


def told_apart(parts: list[str]) -> list[str]:
    """The parts with what somebody is told as a part of its own; with the mail that `him` is of, as one."""
    every: list[str] = []
    for part in (piece for one in parts for piece in split_telling(one)):
        if every and is_told(part) and _HIM.search(part.partition(" that ")[0]) and sends(every[-1]):
            every[-1] = f"{every[-1].rstrip(' .。,，')} and {part}"
        else:
            every.append(part)
    return every
