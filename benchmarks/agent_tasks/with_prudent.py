"""Our own agent on a local server, as its users get it. Knows no task."""

from __future__ import annotations

import dataclasses

from agent_tasks.contestant import INSTRUCTIONS, Setting
from agent_tasks.task import Outcome, Task
from prudent_agents.events import ModelCalled
from prudent_agents.tool import Tool


async def with_prudent(task: Task, setting: Setting) -> Outcome:
    """Do a task; the user says yes to every write that is asked about, as peers do not ask."""
    from prudent_agents import Agent

    agent = Agent(
        tools=[_counted(tool, setting) for tool in setting.tools],
        model=setting.model,
        client=setting.url,
        instructions=task.instructions or INSTRUCTIONS,
        seed=setting.seed,
        durable=False,
    )
    run = await agent.run_async(task.goal, approve=lambda _: True)
    for event in run.events:
        if isinstance(event, ModelCalled):
            setting.traffic.requests += 1
            setting.traffic.prompt_tokens += event.prompt_tokens
            setting.traffic.completion_tokens += event.completion_tokens
    asks = run.waiting is not None
    ends = "answer" if run.plan is None else run.plan.ends
    answer = getattr(run.waiting, "question", None) or run.output or (run.plan and run.plan.note) or run.error
    return Outcome(str(answer or ""), declined=asks or ends != "answer")


def _counted(tool: Tool, setting: Setting) -> Tool:
    """The tool, with its calls written down."""
    plain = tool.function

    def function(**arguments: object) -> object:
        setting.calls.append((tool.name, arguments))
        return plain(**arguments)

    return dataclasses.replace(tool, function=function)
