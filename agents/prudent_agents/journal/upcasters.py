"""Brings events of older versions to the form that this prudent writes. Knows no database.

When the form of events changes, `prudent_agents.events.VERSION` rises by one and a function that brings an
event from the version before to the new one is put here. Old journals stay readable; rows are never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prudent_agents.errors import JournalError

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes an event as JSON (with its `kind`) and returns it in the next version's form."""

UPCASTERS: Mapping[int, Upcaster] = {}
"""By the version that each takes."""


def upcast(
    event: dict[str, Any], version: int, to: int, upcasters: Mapping[int, Upcaster] = UPCASTERS
) -> dict[str, Any]:
    """Bring an event from `version` up to the version `to`.

    Raises:
        JournalError: it is newer than `to`, or no function takes its version.
    """
    if version > to:
        raise JournalError(
            f"The journal holds events of version {version}; this prudent reads up to version {to}.",
            hint="Use the newer prudent that wrote them.",
        )
    for step in range(version, to):
        if step not in upcasters:
            raise JournalError(f"Nothing in this prudent reads journal events of version {step}.")
        event = upcasters[step](event)
    return event
