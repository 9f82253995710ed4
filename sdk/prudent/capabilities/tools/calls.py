"""One turn of tool calls: which tool, its arguments, and whether another call follows.

A call is proposed and then judged, the first against the evidence that a tool fits at all, the others
against the evidence that something in the request is still unanswered. A generator of passes and of deltas.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prudent.capabilities.tools.arguments import Filled, Settled, fill
from prudent.capabilities.tools.cards import CALL_CLOSING, CALL_OPENING, PreparedTool
from prudent.capabilities.tools.choice import choose
from prudent.capabilities.tools.grounding import Evidence, leaves, words
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.logistic import Logistic
from prudent.capabilities.tools.passes import Outcome, Pass

_ALTERNATIVES = 20
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that the model would make, and what speaks for it."""

    tool: PreparedTool
    shares: Mapping[str, float]
    filled: Filled
    signals: dict[str, float | None]
    tokens: tuple[int, ...]
    """The whole call as the model reads it back, closing mark included."""

    @property
    def share(self) -> float:
        """The tool's part (0-1) of the choice between the tools."""
        return self.shares[self.tool.name]


@dataclass(slots=True)
class Turn:
    """The calls made since the user last spoke, as (name, arguments).

    The first `earlier` of them were made in turns before. `request` is what the user asked, `evidence` all
    that arguments may be taken from. `settled` has what was decided on optional arguments.
    """

    request: Evidence
    evidence: Evidence
    made: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list[tuple[str, Mapping[str, Any]]])
    earlier: int = 0
    settled: Settled = field(default_factory=dict[tuple[str, str, str], bool])

    def repeats(self, proposal: Proposal) -> bool:
        """Whether the very same call was made."""
        return (proposal.tool.name, proposal.filled.values) in self.made


def propose(
    language: Language,
    prompt: tuple[int, ...],
    tools: Sequence[PreparedTool],
    turn: Turn,
    wanted: Logistic | None,
) -> Generator[Pass, Outcome, Proposal]:
    """Ask for the next call after `prompt`: a rendered conversation with the calls made so far."""
    lead = "\n" if len(turn.made) > turn.earlier else ""
    start = prompt + tuple(language.encode(f'{lead}{CALL_OPENING}\n{{"name": "'))
    named = yield from choose(language, start, [tool.name for tool in tools])
    tool = next(tool for tool in tools if tool.name == next(iter(named)))
    start += tuple(language.encode(f'{tool.name}", "arguments":'))
    filled = yield from fill(language, start, tool, turn.evidence, wanted, turn.settled)
    tokens = start[len(prompt) :] + filled.tokens + tuple(language.encode(f"}}\n{CALL_CLOSING}"))
    return Proposal(tool, named, filled, call_signals(tool, filled, named, turn), tokens)


def call_signals(
    tool: PreparedTool, filled: Filled, named: Mapping[str, float], turn: Turn
) -> dict[str, float | None]:
    """What of a proposed call the request speaks of, and what is new in it after the calls before."""
    evidence = turn.evidence
    required = [argument.name for argument in tool.parameters.arguments if argument.required]
    shares = [
        evidence.grounded(filled.values[name])
        for name in required
        if evidence.could_tell(filled.values.get(name))
    ]
    same = [values for name, values in turn.made if name == tool.name]
    fresh = [
        value
        for name, value in filled.values.items()
        if evidence.could_tell(value) and not any(other.get(name) == value for other in same)
    ]
    before = covered(turn.request, [values for _, values in turn.made])
    after = covered(turn.request, [*(values for _, values in turn.made), filled.values])
    telling = salient(turn.request)
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
        "calls": float(len(turn.made)),
        "name_words": turn.request.mentions(tool.name),
        "description_words": turn.request.mentions(tool.description),
    }


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
        elif language.token_text(token).startswith("\n"):
            on += math.exp(logprob)
    if on + off < 1e-6:
        return None
    return math.log(max(on, _LEAST)) - math.log(max(off, _LEAST))
