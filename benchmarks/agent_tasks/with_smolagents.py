"""smolagents' agent for tool calls on a local server. Knows no task."""

from __future__ import annotations

import asyncio
from typing import Any

import smolagents

from agent_tasks.contestant import INSTRUCTIONS, MOST_TOKENS, MOST_TURNS, Setting, called
from agent_tasks.task import Outcome, Task
from agent_tasks.wire import counting_client
from prudent_agents.tool import Tool

_TYPES = {"string", "number", "integer", "boolean", "array", "object"}


async def with_smolagents(task: Task, setting: Setting) -> Outcome:
    """Do a task in a thread: the framework is synchronous. Raises what the framework raises."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(_run, task, setting, loop)


def _run(task: Task, setting: Setting, loop: asyncio.AbstractEventLoop) -> Outcome:
    with counting_client(setting) as http:
        model = smolagents.OpenAIModel(
            setting.model,
            api_base=setting.url,
            api_key="none",
            client_kwargs={"http_client": http, "max_retries": 0},
            temperature=setting.temperature,
            seed=setting.seed,
            max_tokens=MOST_TOKENS,
        )
        agent = smolagents.ToolCallingAgent(
            tools=[_tool(tool, setting, loop) for tool in setting.tools],
            model=model,
            instructions=task.instructions or INSTRUCTIONS,
            verbosity_level=smolagents.LogLevel.OFF,
        )
        return Outcome(str(agent.run(task.goal, max_steps=MOST_TURNS)))


def _tool(tool: Tool, setting: Setting, loop: asyncio.AbstractEventLoop) -> smolagents.Tool:
    def forward(_: Any, **arguments: Any) -> str:
        return asyncio.run_coroutine_threadsafe(called(tool, arguments, setting), loop).result()

    described = {
        "name": tool.name,
        "description": tool.card,
        "inputs": {
            name: _input(name, schema, name in tool.required) for name, schema in tool.properties.items()
        },
        "output_type": "string",
        "skip_forward_signature_validation": True,
        "forward": forward,
    }
    return type(f"Tool_{tool.name}", (smolagents.Tool,), described)()


def _input(name: str, schema: Any, required: bool) -> dict[str, Any]:
    """An argument in the framework's terms; what a value may be is said in its description too."""
    kind = schema.get("type")
    words = schema.get("description", name)
    if "enum" in schema:
        words += f", one of: {', '.join(map(str, schema['enum']))}"
    made = {**schema, "type": kind if kind in _TYPES else "any", "description": words}
    return made if required else {**made, "nullable": True}
