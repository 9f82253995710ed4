"""The signals that a tool fits the request at all. A small model asked outright never says that none does.

Knows the signals; what they are worth is in `calibration`.
"""

from __future__ import annotations

from collections.abc import Mapping

from prudent.capabilities.tools.calls import Proposal
from prudent.capabilities.tools.grounding import Evidence, words


def fit_signals(
    proposal: Proposal, request: Evidence, similarities: Mapping[str, float] | None
) -> dict[str, float | None]:
    """What speaks for the proposed first call: the encoder's view, the words in common, the model's own.

    `similarities` are cosines of the request and each tool; None where there is no encoder.
    """
    tool = proposal.tool
    similarity = None if similarities is None else similarities[tool.name]
    best = None if similarities is None else max(similarities.values())
    own = {word for word in words(f"{tool.name} {tool.description}") if len(word) > 2}
    asked = {word for word in request.words if len(word) > 2}
    own_signals = {
        key: proposal.signals[key]
        for key in (
            "grounded",
            "least_grounded",
            "confidence",
            "least_confidence",
            "share",
            "arguments",
            "gain",
        )
    }
    return own_signals | {
        "similarity": similarity,
        "best_similarity": best,
        "name_words": request.mentions(tool.name),
        "description_words": request.mentions(tool.description),
        "request_words": len(own & asked) / len(asked) if asked else 0.0,
        "tools": float(len(proposal.shares)),
    }
