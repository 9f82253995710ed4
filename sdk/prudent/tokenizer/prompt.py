"""A prompt as a template rendered it: text, and between it the control tokens that the template placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Control(NamedTuple):
    """A control token placed by the template."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """Segments in order. Text in a `str` segment is ordinary, whatever control token it spells."""

    segments: tuple[str | Control, ...]

    @property
    def text(self) -> str:
        """The prompt as people read it. Not fit for encoding: it no longer tells text from control tokens."""
        return "".join(part if isinstance(part, str) else part.text for part in self.segments)
