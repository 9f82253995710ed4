"""Search in a knowledge base as a tool. Knows the base and nothing of how it searches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prudent.types.content import Source
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext

if TYPE_CHECKING:
    from prudent_agents.knowledge import KnowledgeBase

_PASSAGES = 3
_TIMEOUT = 120.0
"""Seconds: a first question may wait for the model to load."""


def knowledge_search(
    base: KnowledgeBase | Path | str,
    *,
    limit: int = _PASSAGES,
    clearance: Confidentiality | str = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `knowledge.search`: a question in, numbered passages with their places out.

    `base` is a knowledge base or its file. Documents above `clearance` are not found, and what is returned
    carries that label. Passages are text of documents: untrusted, and checked by the agent before they go on.
    """
    from prudent_agents.knowledge import KnowledgeBase

    opened = base if isinstance(base, KnowledgeBase) else KnowledgeBase(base)
    return tool_of(
        _search_in(opened, limit, Confidentiality(clearance)),
        name="knowledge.search",
        effect=Effect.READ,
        timeout=_TIMEOUT,
        source=Source.DOCUMENT,
        confidentiality=Confidentiality(clearance),
    )


def _search_in(
    base: KnowledgeBase, limit: int, clearance: Confidentiality
) -> Callable[[str, ToolContext], Awaitable[list[dict[str, Any]]]]:
    async def search(question: str, context: ToolContext) -> list[dict[str, Any]]:
        """Search the documents: passages that may answer a question.

        question: what to look for, in words
        """
        found = await base.search_async(
            question,
            limit=limit,
            clearance=clearance,
            check=context.client is None,
            client=None if base.has_client else context.client,
        )
        return [passage.brief() for passage in found]

    return search
