"""A conversation that asks for a decision about somebody, and its twin about another. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prudent.types.content import Source
from prudent_responsible_ai.bias_probe.swapping import swap
from prudent_responsible_ai.checks.bias_patterns import decisions
from prudent_responsible_ai.identity.attributes import attributes
from prudent_responsible_ai.parts import Part

MOST_CHARACTERS = 20_000
"""Of all parts together: a longer conversation has no twin."""
_MAY_ASK = (Source.USER, Source.DEVELOPER)


@dataclass(frozen=True, slots=True)
class TwinConversation:
    """The texts of all parts with one attribute swapped: of which axis, from which group to which.

    `decision` is the kind of decision that is asked for.
    """

    texts: tuple[str, ...]
    axis: str
    group: str
    other: str
    decision: str


def twin_conversation(parts: Sequence[Part]) -> TwinConversation | None:
    """The twin of a conversation: the attribute that is named first and has an opposite, swapped everywhere.

    The developer's text stays as it is: it says how to decide and is about nobody. None where no decision
    about a person is asked for, where no such attribute is named, or where the conversation is too long.
    """
    if sum(len(part.text) for part in parts) > MOST_CHARACTERS:
        return None
    decision = next(
        (kind for part in parts if part.source in _MAY_ASK for kind in decisions(part.text)), None
    )
    if decision is None:
        return None
    about = [part.text for part in parts if part.source is not Source.DEVELOPER]
    for mention in (one for text in about for one in attributes(text)):
        for text in about:
            found = swap(text, mention.axis, mention.group)
            if found is not None:
                texts = tuple(_swapped(part, mention.axis, mention.group) for part in parts)
                return TwinConversation(texts, found.axis, found.group, found.other, decision)
    return None


def _swapped(part: Part, axis: str, group: str) -> str:
    found = None if part.source is Source.DEVELOPER else swap(part.text, axis, group)
    return part.text if found is None else found.text
