"""Which of many tools does a step, or none: the model's own choice and nearness by embedding together.

Small models lose their way among many tools: at most five are shown (agents' notes: the steepest drop lies
between three and five, arXiv 2510.04550). Alone the 0.5B picks 19 of 25 steps right, with the nearness of the
tools' cards 23 of 25. Knows no plan.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from prudent.client import AsyncClient
from prudent.errors import NotFoundError
from prudent_agents.grounding.comparatives import fields
from prudent_agents.grounding.stems import stems
from prudent_agents.models import prompts
from prudent_agents.models.driver import Model, Reply
from prudent_agents.tool import Tool

MOST_SHOWN = 5
EMBEDDER = "multilingual-e5-small"
NEARNESS_WEIGHT = 40.0
"""Nats for each unit of cosine similarity."""
NEAR = 0.82
"""Cosine similarity of this encoder at which a tool is as likely as not."""
NONE_WEIGHT = -1.0
"""Nats for the answer that no tool fits: a step of a plan mostly has one."""
WORD_WEIGHT, MOST_WORDS = 1.0, 2
"""Nats for a word that the request has in common with a tool's name and card, and how many count at most."""
MEANING_WEIGHT = 3.0
"""Nats where a tool's name or card says what other words of the request mean: `cheaper` is of a price."""
_LEAST_SHARE = 1e-3

Ask = Callable[[str, Awaitable[Reply]], Awaitable[Reply]]
"""Has a model asked for a purpose, within the budget."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The tool for a step, None where none fits, and how sure that is (0-1)."""

    tool: Tool | None
    confidence: float


class Chooser:
    """Chooses among the tools of one agent. Their vectors are computed once."""

    def __init__(self, tools: Sequence[Tool], client: AsyncClient | None) -> None:
        """Without a client there is no nearness: the first tools are shown, and the model decides alone."""
        self._tools = list(tools)
        self._client = client
        self._vectors: list[list[float]] | None = None

    async def choose(
        self, request: str, model: Model, ask: Ask, leave_out: Sequence[str] = (), *, required: bool = False
    ) -> Choice:
        """The tool that does what is requested; one in any case where it is `required` and there is any.

        Raises PrudentError: the model cannot be asked.
        """
        near = await self._nearness(request)
        shown = _best([one for one in self._tools if one.name not in leave_out], near, MOST_SHOWN)
        if not shown:
            return Choice(None, 1.0)
        messages = prompts.choose(request, [(tool.name, tool.card) for tool in shown])
        options = [*(tool.name for tool in shown), prompts.NO_TOOL]
        said = (await ask("choose", model.choose(messages, options))).scores
        weights = {
            tool.name: _log(said[tool.name])
            + NEARNESS_WEIGHT * (near.get(tool.name, NEAR) - NEAR)
            + _in_words(request, tool)
            for tool in shown
        }
        weights[prompts.NO_TOOL] = _log(said[prompts.NO_TOOL]) + (NONE_WEIGHT if near else 0.0)
        if required:
            del weights[prompts.NO_TOOL]
        name = max(weights, key=lambda one: weights[one])
        confidence = 1.0 / sum(math.exp(weight - weights[name]) for weight in weights.values())
        chosen = next((tool for tool in shown if tool.name == name), None)
        return Choice(chosen, confidence)

    async def shown(self, request: str, leave_out: Sequence[str] = ()) -> list[Tool]:
        """The tools to show for a request, in the order in which they were given."""
        return await self.nearest(request, leave_out, MOST_SHOWN)

    async def nearest(self, request: str, leave_out: Sequence[str], most: int) -> list[Tool]:
        """At most so many tools, those that are nearest to the request, in the order they were given in."""
        candidates = [tool for tool in self._tools if tool.name not in leave_out]
        if len(candidates) <= most:
            return candidates
        return _best(candidates, await self._nearness(request), most)

    async def _nearness(self, request: str) -> Mapping[str, float]:
        """The cosine similarity of each tool's card; empty where there is nothing to compute it with."""
        if self._client is None or not self._tools:
            return {}
        if self._vectors is None:
            cards = [f"{_spoken(tool.name)}: {tool.card}" for tool in self._tools]
            try:
                found = await self._client.embeddings.create(
                    input=cards, model=EMBEDDER, input_type="passage"
                )
            except NotFoundError:  # the endpoint has no such model
                return {}
            self._vectors = [list(vector) for vector in found.vectors]
        asked = await self._client.embeddings.create(input=request, model=EMBEDDER, input_type="query")
        query = asked.vectors[0]
        return {
            tool.name: math.fsum(a * b for a, b in zip(vector, query, strict=True))
            for tool, vector in zip(self._tools, self._vectors, strict=True)
        }


def _best(tools: Sequence[Tool], near: Mapping[str, float], most: int) -> list[Tool]:
    """At most so many, the nearest, in the order they were given in."""
    best = sorted(tools, key=lambda tool: -near.get(tool.name, 0.0))[:most]
    return [tool for tool in tools if tool in best]


def _in_words(request: str, tool: Tool) -> float:
    """Nats for what a request and a tool's name and card have in common by their words."""
    own = stems(f"{_spoken(tool.name)} {tool.card}")
    shared = min(MOST_WORDS, len(stems(request) & own))
    return WORD_WEIGHT * shared + MEANING_WEIGHT * bool(stems(fields(request)) & own)


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")


def _log(share: float) -> float:
    return math.log(share + _LEAST_SHARE)
