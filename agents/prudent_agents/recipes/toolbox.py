"""The tools that a recipe may name: those of prudent, and those that are handed in. Knows no recipe's file.

A recipe names tools and never code: what is not in the box cannot be reached from a recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from prudent_agents.errors import ToolDefinitionError
from prudent_agents.tool import Effect, Tool

Factory = Callable[..., Tool]
"""Makes a tool of settings, for tools that have some: a folder to stay in, a database."""

_STERNNESS = (Effect.READ, Effect.IDEMPOTENT, Effect.WRITE)


class Toolbox:
    """Tools by name, some of them with settings. Raises ToolDefinitionError where two have the same name."""

    def __init__(
        self, tools: Iterable[Tool] = (), *, registered: Mapping[str, Tool | Factory] | None = None
    ) -> None:
        """`registered` are prudent's own, where none is given; `tools` come beside them."""
        self._tools: dict[str, Tool | Factory] = dict(_registered() if registered is None else registered)
        for tool in tools:
            if tool.name in self._tools:
                raise ToolDefinitionError(
                    f"There is a tool {tool.name} already.", hint="Give yours another name: @tool(name=...)."
                )
            self._tools[tool.name] = tool

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._tools))

    def make(self, name: str, settings: Mapping[str, Any]) -> Tool:
        """The tool with these settings. Raises ToolDefinitionError: they do not fit, or it has none."""
        found = self._tools[name]
        if isinstance(found, Tool):
            if settings:
                raise ToolDefinitionError(f"The tool {name} has no settings.", param=name)
            return found
        try:
            return found(**settings)
        except TypeError as error:
            said = str(error).rpartition("() ")[2]
            raise ToolDefinitionError(f"The tool {name} {said}.", param=name) from error


def as_stern(tool: Tool, effect: str | None) -> Tool:
    """The tool with a sterner effect, where one is named."""
    if effect is None or not sterner(Effect(effect), tool.effect):
        return tool
    return replace(tool, effect=Effect(effect))


def sterner(one: Effect, other: Effect) -> bool:
    """Whether an effect asks for more care than another."""
    return _STERNNESS.index(one) > _STERNNESS.index(other)


def _registered() -> Mapping[str, Tool | Factory]:
    from prudent_agents.tools import TOOLS

    return TOOLS
