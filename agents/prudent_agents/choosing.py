"""Which few of many tools a model is shown: the nearest to the request, by embedding. Knows no plan.

Small models lose their way among many tools: at most five are shown (agents' notes: the steepest drop lies
between three and five, arXiv 2510.04550).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from prudent.client import AsyncClient
from prudent_agents.tool import Tool

MOST_SHOWN = 5
EMBEDDER = "multilingual-e5-small"


class Chooser:
    """Ranks the tools of one agent. Their vectors are computed once."""

    def __init__(self, tools: Sequence[Tool], client: AsyncClient | None) -> None:
        self._tools = list(tools)
        self._client = client
        self._vectors: list[list[float]] | None = None

    async def shown(self, request: str, leave_out: Sequence[str] = ()) -> list[Tool]:
        """The tools to show for a request, in the order in which they were given.

        Without an embedding model the first ones are shown.
        """
        candidates = [tool for tool in self._tools if tool.name not in leave_out]
        if len(candidates) <= MOST_SHOWN or self._client is None:
            return candidates[:MOST_SHOWN]
        return await self.nearest(request, leave_out, MOST_SHOWN)

    async def nearest(self, request: str, leave_out: Sequence[str], most: int) -> list[Tool]:
        """At most so many tools, those that are nearest to the request, in the order they were given in."""
        candidates = [tool for tool in self._tools if tool.name not in leave_out]
        if len(candidates) <= most or self._client is None:
            return candidates[:most]
        vectors = await self._of_tools(self._client)
        asked = await self._client.embeddings.create(input=request, model=EMBEDDER, input_type="query")
        query = asked.vectors[0]
        near = {
            tool.name: math.fsum(a * b for a, b in zip(vector, query, strict=True))
            for tool, vector in zip(self._tools, vectors, strict=True)
        }
        best = sorted(candidates, key=lambda tool: -near[tool.name])[:most]
        return [tool for tool in candidates if tool in best]

    async def _of_tools(self, client: AsyncClient) -> list[list[float]]:
        if self._vectors is None:
            cards = [f"{tool.name.replace('_', ' ').replace('.', ' ')}: {tool.card}" for tool in self._tools]
            found = await client.embeddings.create(input=cards, model=EMBEDDER, input_type="passage")
            self._vectors = [list(vector) for vector in found.vectors]
        return self._vectors
