"""A request that names only another thing, `And in Lima?`, written out from the one before. Asks no model.

Small models answer such a request by writing the one before it once more, with the old thing in it.
"""

from __future__ import annotations

import re

from prudent_agents.grounding.stems import stems

_ONLY_NAMES = re.compile(
    r"\s*(?:(?:and|but|so|then|now|ok(?:ay)?),? )*(?:(?:what|how) about )?"
    r"(?:(?P<place>in|at|on|for|from|to|of|with) )?(?P<thing>[^,.;:?!]{1,60}?)(?: then| too)?\s*[?.!]*\s*",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"\s*(?:and\b|but\b|what about\b|how about\b|then\b)", re.IGNORECASE)
_DAY = (
    r"\d{4}-\d\d-\d\d|\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)(?: \d{4})?"
)
_NAME = r"[A-Z][\w-]*(?: [A-Z][\w-]*)*"
_SMALL = r"[a-z][a-z-]*(?: [a-z][a-z-]*)?"
_KINDS = (_DAY, _NAME, rf"(?:the|an?|my|our) {_SMALL}")
"""What things look like, each kind by itself: a day, a name, `the kitchen`."""
_FIRST_WORD = re.compile(r"\s*\w+")
"""The first word of a request has a capital letter whatever it is."""


def written_out(text: str, before: str) -> str | None:
    """The request before with the thing in a text for the one of its own; None where that cannot be told.

    Both must look alike, and there must be one such thing in the request before.
    """
    found = _ONLY_NAMES.fullmatch(text) if _BEGINS.match(text) else None
    if found is None:
        return None
    place, thing = found["place"], found["thing"]
    kind = next((one for one in _KINDS if re.fullmatch(one, thing)), None)
    if kind is None:
        return None
    first = _FIRST_WORD.match(before)
    every = re.finditer(rf"(?<![\w-])(?:{kind})(?![\w-])", before)
    spans = [one for one in every if first is None or one.start() >= first.end()]
    beside = [one for one in spans if place and before[: one.start()].endswith(f" {place.lower()} ")]
    spans = beside or spans
    if len(spans) != 1:
        return None
    return f"{before[: spans[0].start()]}{thing}{before[spans[0].end() :]}"


def keeps_words(whole: str, said: str) -> bool:
    """Whether a request that was written out still has what was said."""
    return stems(said) <= stems(whole)
