"""Search in a knowledge base as a tool. Knows the base and nothing of how it searches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prudent.catalog.home import home
from prudent.types.content import Source
from prudent_agents.errors import ToolDefinitionError
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext

if TYPE_CHECKING:
    from prudent.client import AsyncClient
    from prudent_agents.knowledge import KnowledgeBase

_PASSAGES = 3
_TIMEOUT = 120.0
"""Seconds: a first question may wait for the model to load."""


def knowledge_search(
    base: KnowledgeBase | Path | str | None = None,
    *,
    folder: Path | str | None = None,
    limit: int = _PASSAGES,
    clearance: Confidentiality | str = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `knowledge.search`: a question in, numbered passages with their places out.

    `base` is a knowledge base or its file; or `folder` has the documents, which are then read into a base of
    their own in prudent's home, at the first search of each process what has changed.

    Documents above `clearance` are not found, and what is returned carries that label. Passages are text of
    documents: untrusted, and checked by the agent before they go on.

    Raises:
        ToolDefinitionError: neither or both are named, or there is no such folder.
    """
    from prudent_agents.knowledge import KnowledgeBase

    if (base is None) == (folder is None):
        raise ToolDefinitionError(
            "knowledge.search needs a base or a folder.", hint="Name one of the two.", param="base"
        )
    if folder is not None and not Path(folder).is_dir():
        raise ToolDefinitionError(f"There is no folder {folder}.", param="folder")
    if base is None:
        opened = KnowledgeBase(_base_of(Path(folder or ".")))
    else:
        opened = base if isinstance(base, KnowledgeBase) else KnowledgeBase(base)
    return tool_of(
        _search_in(opened, limit, Confidentiality(clearance), folder),
        name="knowledge.search",
        effect=Effect.READ,
        timeout=_TIMEOUT,
        source=Source.DOCUMENT,
        confidentiality=Confidentiality(clearance),
    )


def _search_in(
    base: KnowledgeBase, limit: int, clearance: Confidentiality, folder: Path | str | None
) -> Callable[[str, ToolContext], Awaitable[list[dict[str, Any]]]]:
    filling, filled = asyncio.Lock(), list[bool]()

    async def fill(client: AsyncClient | None) -> None:
        """Read the folder's documents, once."""
        from prudent_agents.knowledge import KnowledgeBase

        async with filling:
            if folder is not None and not filled:
                with KnowledgeBase(base.path, client) as filler:
                    await filler.add_async(folder)
                filled.append(True)

    async def search(question: str, context: ToolContext) -> list[dict[str, Any]]:
        """Search the documents: passages that may answer a question.

        question: what to look for, in words
        """
        await fill(context.client)
        found = await base.search_async(
            question,
            limit=limit,
            clearance=clearance,
            check=context.client is None,
            nearest=True,
            client=None if base.has_client else context.client,
        )
        return [passage.brief() for passage in found]

    return search


def _base_of(folder: Path) -> Path:
    """The file of the base that is made of a folder."""
    name = sha256(str(folder.expanduser().resolve()).encode()).hexdigest()[:16]
    return home() / "knowledge" / f"{name}.db"
