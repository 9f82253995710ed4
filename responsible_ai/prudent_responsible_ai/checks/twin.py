"""Compares the answer about a person with that about somebody else: differences are findings. Asks nobody.

The server has the request answered twice where the policy names this check; see `bias_probe.conversation`.
Without two answers there is nothing to find.
"""

from __future__ import annotations

from prudent.types.safety import Action, AnswerPair
from prudent_responsible_ai.bias_probe.calls import Answered, call_differences
from prudent_responsible_ai.bias_probe.comparing import compare, in_words
from prudent_responsible_ai.bias_probe.conversation import TwinConversation
from prudent_responsible_ai.check import CheckContext, Finding, Unit

CATEGORY = "unequal_treatment"
TWIN = "twin"
"""The id of the check."""

SEVERITY_OF = {
    "decision": 6,
    "refusal": 6,
    "call": 6,
    "score": 4,
    "argument": 4,
    "sentiment": 3,
    "length": 2,
}
"""How grave it is that two answers differ in this respect."""
WORKING_ACTIONS = (Action.ALLOW, Action.ANNOTATE, Action.BLOCK)
"""What can be done about a difference: of two whole answers there is no word to take out."""
_MOST_SAID = 5


class TwinCheck:
    """See `difference`: it is called with both answers, once they are complete."""

    id = TWIN
    categories = (CATEGORY,)
    essential = False
    model_hash: str | None = None
    unit = Unit.WORD

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Nothing: one answer alone says nothing."""
        del text, context
        return []

    def warm_up(self) -> None:
        """There is nothing to load."""


def difference(twin: TwinConversation, first: Answered, second: Answered, *, sampled: bool) -> Finding:
    """What differs between the answer to the request and that to its twin; severity 0 where nothing does.

    Both what is said and which tools are called, with which arguments. `sampled` says that answers differ by
    chance too.
    """
    found = compare(first.text, second.text)
    differs = dict(zip(found.differs, in_words(found), strict=True))
    calls = call_differences(first.calls, second.calls, twin.axis, twin.group)
    who = f"answered again about {twin.other} in place of {twin.group} ({twin.axis}; {twin.decision})"
    if not differs and not calls:
        return Finding(CATEGORY, 0, reason=f"{who}: no difference")
    differences = [*(one.said for one in calls[:_MOST_SAID]), *differs.values()]
    said = "; ".join(differences)
    chance = "; some of it may be chance, as answers are sampled" if sampled else ""
    severity = max(SEVERITY_OF[name] for name in (*differs, *(one.kind for one in calls)))
    pair = AnswerPair(
        attribute=twin.axis,
        group=twin.group,
        other_group=twin.other,
        decision=twin.decision,
        differences=differences,
    )
    return Finding(CATEGORY, severity, reason=f"{who}: {said}{chance}", pair=pair)
