"""Keeps a fact in long-term memory as a tool, with the run it came from. Knows the memory, no agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool, ToolContext

if TYPE_CHECKING:
    from prudent_agents.memory import LongTermMemory

_TIMEOUT = 120.0
"""Seconds: the first fact may wait for the model to load."""


def memory_remember(memory: LongTermMemory) -> Tool:
    """The tool `memory.remember`. A fact keeps the label of where it came from, and the run as its source.

    The same fact again is told anew and not kept twice.
    """

    async def remember(fact: str, context: ToolContext) -> dict[str, Any]:
        """Remember a fact for later conversations.

        fact: the fact, as a sentence
        """
        kept = await memory.remember_async(fact, source=f"run {context.run}", label=context.label)
        return {"remembered": kept.text}

    return tool_of(remember, name="memory.remember", effect=Effect.IDEMPOTENT, timeout=_TIMEOUT, trusted=True)
