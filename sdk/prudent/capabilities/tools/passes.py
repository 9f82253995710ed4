"""What tool calling asks of a model, as data: the tokens to continue, and in what form.

The programs of this package are generators that yield passes and get outcomes; who drives them has the
engine. So they are pure, and the same program runs in the server and in a benchmark. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from prudent.types.tools import ToolCallDelta

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Pass:
    """Continue `prompt` greedily by at most `max_tokens`.

    `grammar` is in llguidance's dialect of Lark; None leaves the model free. `alternatives` of each token are
    reported, most likely first, out of the model's own distribution.
    """

    prompt: tuple[int, ...]
    grammar: str | None
    max_tokens: int
    alternatives: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The tokens of a pass with the log-probability (nats) and the alternatives of each.

    `complete` is False where a limit cut the text short.
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    alternatives: tuple[tuple[tuple[int, float], ...], ...] = ()
    complete: bool = True


Program: TypeAlias = Generator[Pass | ToolCallDelta, Any, ResultT]
"""Yields passes, each answered with its Outcome, and deltas for the caller, which are answered with None."""
