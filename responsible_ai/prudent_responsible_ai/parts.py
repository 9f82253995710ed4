"""A piece of text to be checked, with where it came from and where it stands in the request."""

from __future__ import annotations

from dataclasses import dataclass

from prudent.types.content import Source


@dataclass(frozen=True, slots=True)
class Part:
    """Text of one content part. `source` decides which rules of the policy apply to it."""

    text: str
    source: Source
    message_index: int = 0
    part_index: int = 0
