"""The encoder's labels as the categories of OpenAI's moderation endpoint. Pure; knows no model and no wire.

OpenAI has thirteen categories, the encoder fewer labels. Where a category is the meeting of two labels (hate
that threatens), its score is the lower of theirs, so it is flagged only where both are. Two categories have
no counterpart at all: they have the score 0, are never flagged, and apply to no input type, which says that
nothing was looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

LABELS_OF: dict[str, tuple[str, ...]] = {
    "harassment": ("harassment",),
    "harassment/threatening": ("harassment", "violence"),
    "hate": ("hate",),
    "hate/threatening": ("hate", "violence"),
    "illicit": ("harmful_request",),
    "illicit/violent": ("harmful_request", "violence"),
    "self-harm": ("self_harm",),
    "self-harm/intent": ("self_harm",),
    "self-harm/instructions": ("self_harm", "harmful_request"),
    "sexual": ("sexual",),
    "sexual/minors": (),
    "violence": ("violence",),
    "violence/graphic": (),
}
"""Category to the labels that must all be there. Intent is not told from other talk of self-harm."""

OF_IMAGES = frozenset({"sexual"})
"""Categories for which an image itself is looked at; the others see the text in it."""


def category_scores(scores: Mapping[str, float]) -> dict[str, float]:
    """The score (0-1) of each category, from those of the labels."""
    return {
        category: min((scores[label] for label in labels), default=0.0)
        for category, labels in LABELS_OF.items()
    }


def flagged_categories(scores: Mapping[str, float], threshold: Callable[[str], float]) -> dict[str, bool]:
    """Whether each category is flagged: all of its labels reach their thresholds."""
    return {
        category: bool(labels) and all(scores[label] >= threshold(label) for label in labels)
        for category, labels in LABELS_OF.items()
    }
