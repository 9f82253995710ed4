"""Seeing, as tools: the text in an image or a PDF, and what an image shows. Decodes nothing: the client does.

Files are taken from below one folder; see rooted.py.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import BaseModel

from prudent.types.content import Source
from prudent_agents.errors import ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.rooted import Root

if TYPE_CHECKING:
    from prudent.client import AsyncClient

MOST_BYTES = 32 << 20
TIMEOUT = 120.0
"""Seconds; the first call may load a model."""


class ReadImage(BaseModel):
    """The text in an image or PDF, in reading order."""

    text: str
    pages: int


class Seen(BaseModel):
    """What may be seen, and how probable it is (0-1)."""

    label: str
    score: float


class Classified(BaseModel):
    """What an image shows, the most probable first."""

    label: str
    tags: list[Seen]


def vision_read(
    root: str | os.PathLike[str] = ".",
    *,
    model: str | None = None,
    confidentiality: Confidentiality = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `vision.read`: text in images and PDFs below `root`. It is an image's, untrusted.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    async def read(image: str, context: ToolContext) -> ReadImage:
        """Read the text in an image or PDF.

        image: the file, as receipts/march.png
        """
        found = await client_of(context, "vision.read").vision.read(
            below.read(image, MOST_BYTES), model=model
        )
        return ReadImage(text=found.text, pages=len(found.pages))

    return tool_of(
        read,
        name="vision.read",
        effect=Effect.READ,
        source=Source.IMAGE,
        confidentiality=confidentiality,
        timeout=TIMEOUT,
    )


def vision_classify(
    root: str | os.PathLike[str] = ".",
    *,
    model: str | None = None,
    confidentiality: Confidentiality = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `vision.classify`: which of the model's classes an image below `root` shows.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    async def classify(image: str, context: ToolContext) -> Classified:
        """Say what an image shows.

        image: the file, as photos/cat.jpg
        """
        sight = client_of(context, "vision.classify").vision
        found = await sight.classify(below.read(image, MOST_BYTES), model=model)
        tags = [Seen(label=tag.label, score=round(tag.score, 4)) for tag in found.tags]
        return Classified(label=found.label, tags=tags)

    return tool_of(
        classify,
        name="vision.classify",
        effect=Effect.READ,
        source=Source.IMAGE,
        confidentiality=confidentiality,
        timeout=TIMEOUT,
    )


def client_of(context: ToolContext, name: str) -> AsyncClient:
    """The agent's client. Raises ToolError where the agent has none."""
    if context.client is None:
        raise ToolError(f"{name} needs a client.", hint="Give the agent one: Agent(client=...).")
    return context.client
