"""The OpenAI Agents SDK on a local server, its traces off. Knows no task."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from agent_tasks.contestant import INSTRUCTIONS, MOST_TOKENS, MOST_TURNS, Setting, called
from agent_tasks.task import Outcome, Task
from agent_tasks.wire import async_openai
from prudent_agents.tool import Tool


def _sdk() -> ModuleType:
    """The SDK's module, `agents`: the benchmark's own script has that name too and is looked past."""
    ours = Path(__file__).resolve().parents[1]
    path = list(sys.path)
    sys.path[:] = [one for one in path if Path(one).resolve() != ours]
    try:
        import agents
    finally:
        sys.path[:] = path
    agents.set_tracing_disabled(True)
    return agents


async def with_openai_agents(task: Task, setting: Setting) -> Outcome:
    """Do a task. Raises what the framework raises."""
    sdk = _sdk()
    async with async_openai(setting) as client:
        agent = sdk.Agent(
            name="assistant",
            instructions=task.instructions or INSTRUCTIONS,
            tools=[_tool(sdk, tool, setting) for tool in setting.tools],
            model=sdk.OpenAIChatCompletionsModel(setting.model, openai_client=client),
            model_settings=sdk.ModelSettings(
                temperature=setting.temperature,
                max_tokens=MOST_TOKENS,
                extra_body={"seed": setting.seed},
            ),
        )
        result = await sdk.Runner.run(agent, task.goal, max_turns=MOST_TURNS)
        return Outcome(str(result.final_output))


def _tool(sdk: ModuleType, tool: Tool, setting: Setting) -> Any:
    async def call(_: Any, arguments: str) -> str:
        return await called(tool, json.loads(arguments or "{}"), setting)

    return sdk.FunctionTool(
        name=tool.name,
        description=tool.card,
        params_json_schema=dict(tool.parameters),
        on_invoke_tool=call,
        strict_json_schema=False,
    )
