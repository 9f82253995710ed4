"""One turn of tool calls: which tool, its arguments, and whether another call follows.

A call is proposed and then judged, the first against the evidence that a tool fits at all, the others
against the evidence that something in the request is still unanswered. A generator of passes and of deltas.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prudent.capabilities.tools.arguments import Filled, fill
from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.choice import choose
from prudent.capabilities.tools.grounding import Evidence, leaves, words
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.logistic import Logistic
from prudent.capabilities.tools.passes import Outcome, Pass

_ALTERNATIVES = 20


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that the model would make, and what speaks for it."""

    tool: PreparedTool
    shares: Mapping[str, float]
    filled: Filled
    signals: dict[str, float | None]
    tokens: tuple[int, ...]
    """The whole call as the model reads it back, closing mark included."""


@dataclass(slots=True)
class Turn:
    """The calls that a turn has so far, and what of the request they answer."""

    evidence: Evidence
    calls: list[Proposal] = field(default_factory=list[Proposal])

    def repeats(self, proposal: Proposal) -> bool:
        """Whether the very same call was made."""
        return any(
            call.tool.name == proposal.tool.name and call.filled.values == proposal.filled.values
            for call in self.calls
        )


def propose(
    language: Language,
    prompt: tuple[int, ...],
    tools: Sequence[PreparedTool],
    turn: Turn,
    wanted: Logistic | None,
) -> Generator[Pass, Outcome, Proposal]:
    """Ask for the next call after `prompt`: a rendered conversation with the calls made so far."""
    lead = () if not turn.calls else tuple(language.encode("\n"))
    start = prompt + lead + language.opening + tuple(language.encode('\n{"name": "'))
    named = yield from choose(language, start, [tool.name for tool in tools])
    tool = next(tool for tool in tools if tool.name == next(iter(named)))
    start += tuple(language.encode(f'{tool.name}", "arguments":'))
    filled = yield from fill(language, start, tool, turn.evidence, wanted)
    closing = tuple(language.encode("}\n")) + language.closing
    tokens = start[len(prompt) :] + filled.tokens + closing
    return Proposal(tool, named, filled, call_signals(tool, filled, named, turn), tokens)


def call_signals(
    tool: PreparedTool, filled: Filled, named: Mapping[str, float], turn: Turn
) -> dict[str, float | None]:
    """What of a proposed call the request speaks of, and what is new in it after the calls before."""
    evidence = turn.evidence
    required = [argument.name for argument in tool.parameters.arguments if argument.required]
    shares = [
        evidence.grounded(filled.values[name]) for name in required if groundable(filled.values.get(name))
    ]
    same = [call.filled.values for call in turn.calls if call.tool.name == tool.name]
    fresh = [
        value
        for name, value in filled.values.items()
        if groundable(value) and not any(other.get(name) == value for other in same)
    ]
    before = covered(evidence, [call.filled.values for call in turn.calls])
    after = covered(evidence, [*(call.filled.values for call in turn.calls), filled.values])
    telling = salient(evidence)
    mean = sum(filled.logprobs) / len(filled.logprobs) if filled.logprobs else None
    top = max(named.values(), default=1.0)
    return {
        "grounded": sum(shares) / len(shares) if shares else None,
        "least_grounded": min(shares) if shares else None,
        "arguments": float(len(filled.values)),
        "confidence": mean,
        "least_confidence": min(filled.logprobs) if filled.logprobs else None,
        "share": math.log(max(top, 1e-6)),
        "fresh": float(bool(fresh)),
        "fresh_grounded": max((evidence.grounded(value) for value in fresh), default=0.0),
        "fresh_least": min((evidence.grounded(value) for value in fresh), default=0.0),
        "new_tool": float(not same),
        "gain": float(len(after - before)),
        "uncovered": float(len(telling - before)),
        "uncovered_share": len(telling - before) / len(telling) if telling else 0.0,
        "calls": float(len(turn.calls)),
    }


def groundable(value: Any) -> bool:
    """Whether a text could speak of the value: booleans and nulls are not spelled out."""
    return any(not isinstance(leaf, bool) and leaf is not None for leaf in leaves(value))


def salient(evidence: Evidence) -> frozenset[str]:
    """The words of a request that calls should answer: its names and numbers."""
    found: set[str] = set()
    pieces = evidence.text.replace("'s ", " ").split()
    for position, piece in enumerate(pieces):
        bare = piece.strip(".,;:!?()\"'“”‘’")
        begins = position == 0 or pieces[position - 1][-1:] in ".?!\"'"
        if any(letter.isdigit() for letter in bare) or (bare[:1].isupper() and not begins):
            found.update(words(bare))
    return frozenset(found)


def covered(evidence: Evidence, calls: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The salient words that the values of these calls speak of."""
    used: set[str] = set()
    for values in calls:
        for leaf in leaves(dict(values)):
            if isinstance(leaf, float) and leaf.is_integer():
                leaf = int(leaf)
            if not isinstance(leaf, bool) and leaf is not None:
                used.update(words(str(leaf)))
    return salient(evidence) & used


def goes_on(language: Language, prompt: tuple[int, ...]) -> Generator[Pass, Outcome, float | None]:
    """How much rather the model goes on after a call than ends, in nats; None where it would do neither."""
    outcome = yield Pass(prompt, None, 1, _ALTERNATIVES)
    on = off = 0.0
    for token, logprob in outcome.alternatives[0] if outcome.alternatives else ():
        if token in language.stops:
            off += math.exp(logprob)
        elif token == language.opening[0] or language.token_text(token).startswith("\n"):
            on += math.exp(logprob)
    if on + off < 1e-6:
        return None
    return math.log(max(on, 1e-9)) - math.log(max(off, 1e-9))
