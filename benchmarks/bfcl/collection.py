"""What a model proposes for questions whose answers are known, with the signals of every proposal.

One proposal more than there are calls in the answer is asked for, so that there is something to say no to.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bfcl.everyday import CATEGORY as EVERYDAY
from bfcl.questions import Json, Question
from prudent.capabilities.tools.calls import Turn, goes_on, propose
from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.fit import fit_signals
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.similarity import Nearness

_MOST = 8


def proposals(
    language: Language,
    prompt: tuple[int, ...],
    tools: tuple[PreparedTool, ...],
    question: Question,
    request: str,
    similarities: dict[str, Nearness] | None,
    wanted: Any,
) -> Generator[Any, Any, list[Json]]:
    """A program that returns each proposal as plain values; the calls before it are taken for made."""
    evidence = Evidence(request)
    turn = Turn(evidence, evidence)
    found: list[Json] = []
    several = question.truth and question.category != EVERYDAY
    most = min(len(question.truth) + 1, _MOST) if several else 1
    while len(found) < most:
        margin = None
        if turn.made:
            margin = yield from goes_on(language, prompt)
        proposal = yield from propose(language, prompt, tools, turn, wanted)
        proposal.signals["goes_on"] = margin
        repeated = turn.repeats(proposal)
        entry: Json = {
            "name": proposal.tool.name,
            "arguments": proposal.filled.values,
            "judged": proposal.filled.judged,
            "signals": proposal.signals,
            "repeated": repeated,
        }
        if not found:
            entry["fit"] = fit_signals(proposal, evidence, similarities)
        found.append(entry)
        if repeated or not proposal.filled.complete:
            break
        turn.made.append((proposal.tool.name, proposal.filled.values))
        prompt += proposal.tokens
    return found
