"""The signals that a tool fits the request at all. A small model asked outright never says that none does.

Knows the signals; what they are worth is in `calibration`.
"""

from __future__ import annotations

from collections.abc import Mapping

from prudent.capabilities.tools.calls import Proposal
from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.similarity import Nearness


def request_signals(
    tool: PreparedTool, request: Evidence, similarities: Mapping[str, Nearness] | None
) -> dict[str, float | None]:
    """What speaks for a tool before the model has said a word: the encoder's view and words in common.

    `similarities` say how near the request is to each tool; None where there is no encoder. Words in common
    are unknown where the request is not in English, as tools mostly are: the encoder reads both.
    """
    mentioned = (request.mentions(tool.name) + request.mentions(tool.description)) / 2
    return {
        "words": mentioned if request.is_english else None,
        "margin": None if similarities is None else similarities[tool.name].margin,
        "best_similarity": None if similarities is None else max(near.tool for near in similarities.values()),
    }


def fit_signals(
    proposal: Proposal, request: Evidence, similarities: Mapping[str, Nearness] | None
) -> dict[str, float | None]:
    """What speaks for the proposed first call: as above, and its arguments as far as they are spoken of."""
    return {
        **request_signals(proposal.tool, request, similarities),
        "grounded": proposal.signals["grounded"],
        "least_grounded": proposal.signals["least_grounded"],
        "gain": proposal.signals["gain"],
        "free_of_arguments": float(not proposal.filled.values),
    }
