"""The tools that an agent has of its knowledge and its memory. Knows neither a run nor a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prudent_agents.tool import Tool

if TYPE_CHECKING:
    from prudent_agents.knowledge import KnowledgeBase
    from prudent_agents.memory import ConversationMemory, LongTermMemory


def own_tools(
    knowledge: KnowledgeBase | Path | str | None, memories: Iterable[ConversationMemory | LongTermMemory]
) -> list[Tool]:
    """`knowledge.search` of a base, `memory.remember` of a memory for facts."""
    made: list[Tool] = []
    if knowledge is not None:
        from prudent_agents.tools.knowledge_search import knowledge_search

        made.append(knowledge_search(knowledge))
    for memory in memories:
        from prudent_agents.memory import LongTermMemory

        if isinstance(memory, LongTermMemory):
            from prudent_agents.tools.memory_remember import memory_remember

            made.append(memory_remember(memory))
    return made
