"""The signals that a tool fits the request at all. A small model asked outright never says that none does.

Knows the signals; what they are worth is in `calibration`.
"""

from __future__ import annotations

from collections.abc import Mapping

from prudent.capabilities.tools.calls import Proposal
from prudent.capabilities.tools.grounding import Evidence


def fit_signals(
    proposal: Proposal, request: Evidence, similarities: Mapping[str, float] | None
) -> dict[str, float | None]:
    """What speaks for the proposed first call: the encoder's view, words in common, arguments spoken of.

    `similarities` are cosines of the request and each tool; None where there is no encoder. What compares
    spellings is unknown where the request is not in English, as tools mostly are: the encoder reads both.
    """
    tool = proposal.tool
    mentioned = (request.mentions(tool.name) + request.mentions(tool.description)) / 2
    spelled: dict[str, float | None] = {
        "words": mentioned,
        "grounded": proposal.signals["grounded"],
        "least_grounded": proposal.signals["least_grounded"],
        "gain": proposal.signals["gain"],
    }
    if not request.is_english:
        spelled = dict.fromkeys(spelled)
    return spelled | {
        "similarity": None if similarities is None else similarities[tool.name],
        "best_similarity": None if similarities is None else max(similarities.values()),
    }
