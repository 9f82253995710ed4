"""One turn with tools from prompt to decision, as a program of passes that says its calls as it makes them.

Knows no engine: see `passes`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from prudent.capabilities.tools.calibration import Calibration
from prudent.capabilities.tools.calls import Proposal, Turn, goes_on, propose
from prudent.capabilities.tools.fit import fit_signals
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.logistic import Logistic
from prudent.capabilities.tools.passes import Outcome, Pass, Program
from prudent.capabilities.tools.similarity import Nearness
from prudent.capabilities.tools.toolset import ToolSet
from prudent.types.tools import FunctionCallDelta, ToolCallDelta, ToolDecision


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What a turn came to: how many calls were made, and how it was decided.

    `complete` is False where a limit kept a call from being made.
    """

    calls: int
    decision: ToolDecision
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Judge:
    """Whether a proposed call is made. `similarities` say how near the request is to each tool, if known.

    `most_tokens` is how long all calls together may be; None is no limit.
    """

    tools: ToolSet
    calibration: Calibration
    similarities: Mapping[str, Nearness] | None
    most_tokens: int | None = None

    def probability(self, proposal: Proposal, turn: Turn) -> tuple[float, bool]:
        """How likely the call is wanted (0-1), and whether that is enough."""
        if turn.made:
            follows = self.calibration.follows
            value = follows.probability(proposal.signals)
            return value, value >= follows.threshold and not turn.repeats(proposal)
        fits = self._fits(turn.request)
        value = fits.probability(fit_signals(proposal, turn.request, self.similarities))
        return value, value >= fits.threshold

    def _fits(self, request: Evidence) -> Logistic:
        if self.similarities is None:
            return self.calibration.fits_unaided
        return self.calibration.fits if request.is_english else self.calibration.fits_foreign

    def allows(self, tokens: int) -> bool:
        """Whether calls of so many tokens are within the limit."""
        return self.most_tokens is None or tokens <= self.most_tokens


def tool_turn(language: Language, prompt: tuple[int, ...], turn: Turn, judge: Judge) -> Program[TurnResult]:
    """Call tools in answer to `prompt`, a rendered conversation that ends where the assistant speaks."""
    first = yield from _next(language, prompt, turn, judge)
    probability, enough = judge.probability(first, turn)
    required = judge.tools.mode == "required"
    calls = required or enough
    fitting = first.filled.complete and judge.allows(len(first.tokens))
    decision = ToolDecision(
        tool=first.tool.name if calls and fitting else None,
        confidence=round(probability if calls else 1.0 - probability, 4),
        scores={name: round(share, 4) for name, share in first.shares.items()},
    )
    if not (calls and fitting):
        return TurnResult(0, decision, complete=not calls)
    proposal, confidence, made, written = first, first.share, 0, 0
    if not required:
        confidence *= probability
    while True:
        yield from deltas(made, proposal, confidence)
        turn.made.append((proposal.tool.name, proposal.filled.values))
        prompt += proposal.tokens
        written += len(proposal.tokens)
        made += 1
        if made >= judge.tools.most_calls:
            return TurnResult(made, decision)
        proposal = yield from _next(language, prompt, turn, judge)
        probability, enough = judge.probability(proposal, turn)
        confidence = probability * proposal.share
        if not (enough and proposal.filled.complete):
            return TurnResult(made, decision)
        if not judge.allows(written + len(proposal.tokens)):
            return TurnResult(made, decision, complete=False)


def _next(
    language: Language, prompt: tuple[int, ...], turn: Turn, judge: Judge
) -> Generator[Pass, Outcome, Proposal]:
    margin = None
    if len(turn.made) > turn.earlier:
        margin = yield from goes_on(language, prompt)
    proposal = yield from propose(language, prompt, judge.tools.tools, turn, judge.calibration.wanted)
    proposal.signals["goes_on"] = margin
    return proposal


def deltas(index: int, proposal: Proposal, confidence: float) -> Iterator[ToolCallDelta]:
    """A call as the API streams it: id, type and name first, then its arguments one by one."""
    yield ToolCallDelta(
        index=index,
        id=f"call_{uuid.uuid4().hex[:24]}",
        type="function",
        function=FunctionCallDelta(name=proposal.tool.name, arguments=""),
        confidence=round(confidence, 4),
    )
    opening = "{"
    for name, value in proposal.filled.values.items():
        text = f"{opening}{json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
        yield ToolCallDelta(index=index, function=FunctionCallDelta(arguments=text))
        opening = ", "
    closing = "}" if proposal.filled.values else "{}"
    yield ToolCallDelta(index=index, function=FunctionCallDelta(arguments=closing))
