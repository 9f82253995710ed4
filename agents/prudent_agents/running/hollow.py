"""Tells whether the checks left anything of a text: a model that is shown nothing makes values up.

Asks no model.
"""

from __future__ import annotations

from collections.abc import Sequence

from prudent_agents.errors import RefusedByPolicyError
from prudent_agents.running.guarding import texts_in
from prudent_agents.values import JSON, Value
from prudent_responsible_ai.placeholders import PLACEHOLDER

_SHORTEST = 12
"""Characters: a shorter text beside one that was taken out is its name, and says nothing."""


def hollow(data: JSON) -> bool:
    """Whether nothing but placeholders is left of what the value said."""
    found = [text for text in texts_in(data) if text.strip()]
    emptied = [text for text in found if _emptied(text)]
    return bool(emptied) and all(len(text) < _SHORTEST for text in found if text not in emptied)


def not_hollow(step: str, known: Sequence[Value]) -> None:
    """See that there is something to write from.

    Raises:
        RefusedByPolicyError: the checks took out all that the inputs said.
    """
    if known and any(hollow(one.data) for one in known) and not any(_says(one.data) for one in known):
        raise RefusedByPolicyError(
            f"The checks took out all that {step} was to be written from, so nothing is made of it.",
            hint="`prudent agent show` names what was found; look at the original.",
            details={"rule": "checks: nothing is left to write from"},
        )


def _says(data: JSON) -> bool:
    return not hollow(data) and any(len(text) >= _SHORTEST for text in texts_in(data))


def _emptied(text: str) -> bool:
    rest = PLACEHOLDER.sub("", text)
    return rest != text and not any(sign.isalnum() for sign in rest)
