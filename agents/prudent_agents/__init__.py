"""Agents of prudent: goals reached by tools, on a plan that can be read first, within rules that hold."""

from __future__ import annotations

from prudent_agents.agent import Agent
from prudent_agents.budget import Budget, Cost
from prudent_agents.errors import BudgetExceededError, PlanError, ToolError
from prudent_agents.function_tool import tool
from prudent_agents.plan import Plan
from prudent_agents.rules import Rules
from prudent_agents.run import Run
from prudent_agents.tool import Effect, Tool, ToolContext

__all__ = [
    "Agent",
    "Budget",
    "BudgetExceededError",
    "Cost",
    "Effect",
    "Plan",
    "PlanError",
    "Rules",
    "Run",
    "Tool",
    "ToolContext",
    "ToolError",
    "tool",
]
