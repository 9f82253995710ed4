"""What a model of explicit images said of an image, as a finding. It looks at no pixel and loads no model.

The server has images looked at where the policy names this check; text in an image is for the other checks.
"""

from __future__ import annotations

from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Unit

CATEGORY = "sexual"


class ImageCheck:
    """Explicit images, by the severity that the model's score has. An image nobody saw is unverified."""

    id = "image"
    categories = (CATEGORY,)
    essential = True
    model_hash: str | None = None
    unit = Unit.WORD

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return how severe the image is that the text was read in."""
        del text
        if context.source is not Source.IMAGE:
            return []
        if context.image is None:
            reason = "no model has looked at the image"
            return [Finding(CATEGORY, 0, reason=reason, state=CheckState.UNVERIFIED)]
        return [
            Finding(category, seen.severity_level, reason="what the image shows", score=seen.score)
            for category, seen in context.image.items()
            if category == CATEGORY and seen.severity_level > 0
        ]

    def warm_up(self) -> None:
        """There is nothing to load."""
