"""prudent's capabilities as tools for other programs: chat, embed, check; and, below a folder, see and hear.

They go through the agent's client, so every call passes the checks of the policy in force.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.vision import client_of

_TIMEOUT = 300.0
"""Seconds; the first call may load a model."""
_TOKENS = 512


class Verdicts(BaseModel):
    """What the policy in force would do with a text, and which checks found what."""

    blocked: bool
    action: str
    found: dict[str, Any]


class Vectors(BaseModel):
    """A vector of length 1 for each text."""

    model: str
    vectors: list[list[float]]


def capabilities(root: str | Path | None = None) -> list[Tool]:
    """The tools `chat`, `embed` and `safety.check`; with `root` also those of files below it.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    made = [
        tool_of(_chat, name="chat", effect=Effect.READ, timeout=_TIMEOUT),
        tool_of(_embed, name="embed", effect=Effect.READ, timeout=_TIMEOUT),
        tool_of(_check, name="safety.check", effect=Effect.READ, timeout=_TIMEOUT),
    ]
    if root is not None:
        from prudent_agents.tools.audio import audio_say, audio_transcribe
        from prudent_agents.tools.vision import vision_classify, vision_read

        made += [vision_read(root), vision_classify(root), audio_transcribe(root), audio_say(root)]
    return made


async def _chat(message: str, context: ToolContext, instructions: str = "", max_tokens: int = _TOKENS) -> str:
    """Ask the local language model.

    message: what to ask
    instructions: how it is to answer
    max_tokens: the longest answer
    """
    messages: list[Any] = [{"role": "system", "content": instructions}] if instructions else []
    messages.append({"role": "user", "content": message})
    answer = await client_of(context, "chat").chat.completions.create(
        messages=messages, max_tokens=max_tokens
    )
    return answer.text


async def _embed(texts: list[str], context: ToolContext) -> Vectors:
    """Make vectors of texts, near where meanings are near.

    texts: the texts
    """
    answer = await client_of(context, "embed").embeddings.create(input=texts)
    vectors = [one.embedding for one in answer.data if isinstance(one.embedding, list)]
    return Vectors(model=answer.model, vectors=vectors)


async def _check(text: str, context: ToolContext) -> Verdicts:
    """Say what prudent's checks find in a text: attacks, harm, personal data, secrets.

    text: what to look at
    """
    answer = await client_of(context, "safety.check").safety.check(text)
    part = answer.parts[0].model_dump(mode="json", exclude_none=True)
    return Verdicts(blocked=answer.blocked, action=str(answer.action), found=part)
