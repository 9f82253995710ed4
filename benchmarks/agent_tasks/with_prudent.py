"""Our own agent on a local server, as its users get it, or on another rung of its ladder. Knows no task.

`` (as users get it): parts of the goal by constrained decode, then a call for each. `stepwise`: one step at a
time, each chosen in view of what is known. `planner=MODEL`: as users get it, with a larger model that plans.
`fixed`: a plan that somebody wrote (fixed_plans.py), of which the model fills in what is left open.
"""

from __future__ import annotations

import dataclasses

from agent_tasks.contestant import INSTRUCTIONS, Contestant, Setting
from agent_tasks.fixed_plans import fixed_plan
from agent_tasks.task import Outcome, Task
from prudent_agents.events import ModelCalled
from prudent_agents.plan import Rung
from prudent_agents.tool import Tool


def with_prudent(rung: str = "") -> Contestant:
    """The agent on a rung. The user says yes to every write that is asked about, as peers do not ask."""
    name, _, planner = rung.partition("=")
    if name not in ("", "fixed", "stepwise", "planner") or bool(planner) != (name == "planner"):
        raise SystemExit(f"There is no rung {rung}: take fixed, stepwise or planner=MODEL.")

    async def do(task: Task, setting: Setting) -> Outcome:
        from prudent_agents import Agent

        agent = Agent(
            tools=[_counted(tool, setting) for tool in setting.tools],
            model=setting.model,
            planner=planner or None,
            client=setting.url,
            instructions=task.instructions or INSTRUCTIONS,
            seed=setting.seed,
            temperature=setting.temperature,
            rung=Rung.STEPWISE if name == "stepwise" else Rung.DECODED,
            durable=False,
        )
        if name == "fixed":
            plan = fixed_plan(task.id, task.goal)
            run = await agent.execute_async(plan, approve=lambda _: True)
        else:
            run = await agent.run_async(task.goal, approve=lambda _: True)
        for event in run.events:
            if isinstance(event, ModelCalled):
                setting.traffic.requests += 1
                setting.traffic.prompt_tokens += event.prompt_tokens
                setting.traffic.completion_tokens += event.completion_tokens
        asks = run.waiting is not None
        ends = "answer" if run.plan is None else run.plan.ends
        note = None if run.plan is None else run.plan.note
        answer = getattr(run.waiting, "question", None) or run.output or note or run.error
        return Outcome(str(answer or ""), declined=asks or ends != "answer")

    return do


def _counted(tool: Tool, setting: Setting) -> Tool:
    """The tool, with its calls written down."""
    plain = tool.function

    def function(**arguments: object) -> object:
        setting.calls.append((tool.name, arguments))
        return plain(**arguments)

    return dataclasses.replace(tool, function=function)
