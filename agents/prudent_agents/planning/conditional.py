"""Requests that hold only under a condition: what is to be done, and if what. Asks no model, knows no step.

Small models do what stands beside an `if` whether it holds or not, so it is taken apart here; whether it
holds is told in holding.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

LONGEST = 2_000
"""Characters of a sentence that is looked at."""
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_BEFORE = re.compile(
    r"^(?:and |then |but )?(if|unless|in case)\s+([^,]+),\s*(?:then\s+)?(\S.*)$", re.IGNORECASE
)
_AFTER = re.compile(r"^(.*?\S),?\s+(?:but\s+)?(?:only\s+)?(if|unless|in case)\s+(\S.*)$", re.IGNORECASE)
_CHINESE = re.compile(
    r"^(如果|要是|假如|倘若|若|除非)([^，,]+?)(?:的话)?[，,]\s*(?:那么|那就|那|就|则|否则)?\s*(\S.*)$"
)
_WHETHER = re.compile(
    r"\b(?:check|see|know|say|tell(?: \w+)?|asks?|(?:find|figure) out|sure|wonder|determine|verify|confirm"
    r"|remember|as|even|what)$",
    re.IGNORECASE,
)
"""How the words before an `if` end that means whether, or is another word's."""
_MANNERS = re.compile(
    r"^(?:possible|necessary|needed|required|you (?:can|could|like|want|please|have to|must)|not|any)\b",
    re.IGNORECASE,
)
"""Conditions that nothing can be read for."""
_POINTS_BACK = re.compile(
    r"^(?:it|they|that|this|he|she|so|these|those)?\s*(?:is|are|was|were|does|do|has|have)?$", re.IGNORECASE
)
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]")
_ASKED = re.compile(r"\n(?:Does this hold \(yes or no\): [^\n]*|“[^\n]*”成立吗（是/否）？[^\n]*)")
_YES = re.compile(r"\s*(?:y|true\b|it (?:is|does)\b|they (?:are|do)\b|[是对有会好嗯])", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“「『][^\"“「『”」』]*[\"”」』]|(?<!\w)'[^']*'(?!\w)")
_QUOTE = re.compile(r"[\"“”「」『』]|(?<!\w)'|'(?!\w)")
_ENDS = " .!?。！？,，"
_NEGATED = ("unless", "除非")


@dataclass(frozen=True, slots=True)
class Conditional:
    """`action` is to be done where `condition` holds; where it does not, if `negated`."""

    action: str
    condition: str
    negated: bool = False
    known: bool | None = None
    """What the user said of the condition when asked."""

    @property
    def question(self) -> str:
        """Asks the user whether the condition holds, in its language."""
        if _IDEOGRAPHS.search(self.condition):
            return f"“{self.condition}”成立吗（是/否）？"
        return f"Does this hold (yes or no): {self.condition}?"


def pieces_of(goal: str) -> list[str | Conditional]:
    """The goal's text and its conditional sentences, in order; the goal alone where there are none.

    Lines that hold the question of a condition and the user's answer to it are part of that condition.
    """
    found: list[Conditional | list[str]] = []
    for sentence in filter(str.strip, _SENTENCES.split(_ASKED.sub("", goal))):
        one, last = conditional(sentence.strip()), found[-1] if found else None
        if one is not None:
            _, asked, said = goal.partition(f"\n{one.question}")
            found.append(replace(one, known=bool(_YES.match(said))) if asked else one)
        elif isinstance(last, list):
            last.append(sentence)
        else:
            found.append([sentence])
    if not any(isinstance(one, Conditional) for one in found):
        return [goal]
    return [one if isinstance(one, Conditional) else " ".join(one) for one in found]


def conditional(sentence: str) -> Conditional | None:
    """What a sentence asks for under a condition; None where it has none, or has it in a quotation."""
    masked = _QUOTED.sub(lambda found: "x" * len(found[0]), sentence) if len(sentence) <= LONGEST else ""
    if _QUOTE.search(masked):
        return None
    if found := _BEFORE.match(masked) or _CHINESE.match(masked):
        word, condition, action = (sentence[slice(*found.span(group))] for group in (1, 2, 3))
    elif (found := _AFTER.match(masked)) and not _WHETHER.search(found[1]):
        action, word, condition = (sentence[slice(*found.span(group))] for group in (1, 2, 3))
    else:
        return None
    condition, action = condition.strip(_ENDS), action.strip(_ENDS)
    if not condition or not action or _MANNERS.match(condition):
        return None
    if _POINTS_BACK.match(condition):
        condition = action.partition(" that ")[2] or action
    return Conditional(action, condition, word.casefold() in _NEGATED)
