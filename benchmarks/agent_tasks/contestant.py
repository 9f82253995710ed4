"""What contestants are given, and the count of what they asked the server. Knows no framework."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent_tasks.task import Outcome, Task
from prudent_agents.errors import ToolError
from prudent_agents.tool import Tool, ToolContext

INSTRUCTIONS = (
    "You are a helpful assistant. Use the tools to do what the user asks, then answer in one sentence."
)
MOST_TURNS = 8
"""Model calls that a contestant may make for one task."""
MOST_TOKENS = 400
"""Of one answer of the model: small models that begin to repeat themselves would go on to their window."""
LONGEST_RESULT = 2000
"""Characters of a tool's result that models are shown."""


@dataclass
class Traffic:
    """What was asked of the server, counted where it goes over the wire, the same for all."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failures: list[str] = field(default_factory=list[str])

    def add(self, status: int, body: bytes) -> None:
        """Count one answer of the server."""
        self.requests += 1
        if status >= 400:
            self.failures.append(body[:200].decode(errors="replace"))
            return
        usage = json.loads(body).get("usage") or {}
        self.prompt_tokens += usage.get("prompt_tokens", 0)
        self.completion_tokens += usage.get("completion_tokens", 0)


@dataclass(frozen=True, slots=True)
class Setting:
    """One run of one task. `calls` is filled with what tools were called with, in order."""

    url: str
    model: str
    seed: int
    temperature: float
    tools: list[Tool]
    traffic: Traffic
    calls: list[tuple[str, dict[str, Any]]]


class Contestant(Protocol):
    """An agent that is set tasks."""

    async def __call__(self, task: Task, setting: Setting) -> Outcome:
        """Do the task. What it raises counts as a failure of that task."""
        ...


async def called(tool: Tool, arguments: dict[str, Any], setting: Setting) -> str:
    """Call a tool as peers do, and say what came of it in text; what went wrong is said too."""
    setting.calls.append((tool.name, arguments))
    try:
        result = await tool.call(arguments, ToolContext())
    except ToolError as error:
        return f"Error: {error}"
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return text[:LONGEST_RESULT]
