"""pydantic-ai on a local server. Knows no task."""

from __future__ import annotations

from typing import Any

import pydantic_ai
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

from agent_tasks.contestant import INSTRUCTIONS, MOST_TOKENS, MOST_TURNS, Setting, called
from agent_tasks.task import Outcome, Task
from agent_tasks.wire import async_openai
from prudent_agents.tool import Tool


async def with_pydantic_ai(task: Task, setting: Setting) -> Outcome:
    """Do a task. Raises what the framework raises."""
    async with async_openai(setting) as client:
        agent = pydantic_ai.Agent(
            OpenAIChatModel(setting.model, provider=OpenAIProvider(openai_client=client)),
            instructions=task.instructions or INSTRUCTIONS,
            tools=[_tool(tool, setting) for tool in setting.tools],
            model_settings={
                "temperature": setting.temperature,
                "seed": setting.seed,
                "max_tokens": MOST_TOKENS,
            },
        )
        result = await agent.run(task.goal, usage_limits=UsageLimits(request_limit=MOST_TURNS))
        return Outcome(str(result.output))


def _tool(tool: Tool, setting: Setting) -> pydantic_ai.Tool[Any]:
    async def call(**arguments: Any) -> str:
        return await called(tool, arguments, setting)

    return pydantic_ai.Tool.from_schema(call, tool.name, tool.card, dict(tool.parameters))
