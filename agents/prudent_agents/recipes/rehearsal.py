"""A dry run: everything but the effects. Tools and models are stood in for; rules and labels are real.

Results are those that the recipe pins, else the plainest value that fits the step's schema. Conditions hold
where they are on values that were made up, so that every step is gone through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from prudent_agents.budget import Account
from prudent_agents.events import ApprovalAsked, Event, Planned, RunStarted
from prudent_agents.labels import Confidentiality
from prudent_agents.models.driver import ChatModel
from prudent_agents.plan import FILL, SAY, Plan, Rung, Step
from prudent_agents.recipes.compiling import budget_of
from prudent_agents.recipes.fitting import Schema, resolved
from prudent_agents.recipes.recipe import Recipe
from prudent_agents.recipes.rulebook import rules_of
from prudent_agents.recipes.shapes import DATE
from prudent_agents.rules import Rules
from prudent_agents.run import Run
from prudent_agents.running.guarding import Guard
from prudent_agents.running.loop import Loop
from prudent_agents.running.recording import MemoryJournal
from prudent_agents.running.state import RunState
from prudent_agents.running.work import Work
from prudent_agents.tool import Tool
from prudent_agents.values import JSON, Value

_RUN = "dry_run"
_DEEPEST = 8
_DAY = "2026-01-31"


@dataclass
class Rehearsal:
    """A dry run: what would have been called with what, what asks a person, what a rule refuses."""

    run: Run
    output: JSON
    asked: list[ApprovalAsked] = field(default_factory=list[ApprovalAsked])


def rehearse(recipe: Recipe, given: Mapping[str, Any], *, base: Any = None) -> Rehearsal:
    """Run a recipe's steps without any effect. Every question to a person is noted and answered with yes.

    Raises:
        InvalidRequestError: a parameter is missing or wrong.
        ConfigurationError: the recipe has a goal, so its plan is not known before it runs.
    """
    inputs = recipe.inputs(given, base=base)
    return asyncio.run(_rehearsed(recipe, recipe.plan, inputs))


async def _rehearsed(recipe: Recipe, plan: Plan, inputs: dict[str, Value]) -> Rehearsal:
    asked: list[ApprovalAsked] = []

    def yes(question: ApprovalAsked) -> bool:
        asked.append(question)
        return True

    plan, tools = _stood_in(recipe, plan)
    state = RunState()
    journal, events = MemoryJournal(), list[Event]()
    started = RunStarted(
        run=_RUN,
        goal=plan.goal,
        inputs={
            name: value.model_copy(update={"label": value.label.of(name)}) for name, value in inputs.items()
        },
    )
    journal.begin(started)
    state.apply(started)
    plain = {name: value.data for name, value in inputs.items()}
    work = Work(
        tools=tools,
        model=ChatModel(None, "none"),  # pyright: ignore[reportArgumentType] - no step asks it
        journal=journal,
        state=state,
        sink=events.append,
        guard=Guard(None),
        rules=Rules(rules_of(recipe.document, plain)),
        account=Account(budget_of(recipe.document)),
        client=None,
        approve=yes,
    )
    await work.record(Planned(plan=plan))
    await Loop(work, None, rung=Rung.FIXED, output=None).run()
    run = Run([started, *events])
    return Rehearsal(run, recipe.output(run), asked)


def _stood_in(recipe: Recipe, plan: Plan) -> tuple[Plan, dict[str, Tool]]:
    """The plan with steps in which a model writes made calls, and tools that only give results."""
    pins = recipe.document.pins
    tools: dict[str, Tool] = {}
    steps: list[Step] = []
    for name, tool in recipe.checked.tools.items():
        results = {step.id: pins[step.id] for step in plan.steps if step.id in pins}
        each = {step.id for step in plan.steps if step.each is not None}
        tools[name] = replace(
            tool,
            function=_giver(results, each, plainest(tool.returns or {})),
            validate=dict,
            dump=_as_it_is,
            verify=None,
            precondition=None,
            context_parameter="context",
        )
    known = {*plan.parameters, *pins}
    for step in plan.steps:
        if step.when is not None and step.when.left.step not in known:
            step = step.model_copy(update={"when": None})
        if step.tool in (FILL, SAY):
            schema = step.shape if step.tool == FILL else {"type": "string"}
            name = f"{step.tool}.{step.id}"
            pinned = {step.id: pins[step.id]} if step.id in pins else {}
            each = {step.id} if step.each is not None else set[str]()
            tools[name] = Tool(
                name=name,
                card=step.instruction or "",
                parameters={"type": "object", "properties": dict.fromkeys(step.arguments, True)},
                function=_giver(pinned, each, plainest(schema or {})),
                trusted=True,
                confidentiality=Confidentiality.PUBLIC,
                context_parameter="context",
            )
            steps.append(step.model_copy(update={"tool": name, "shape": None, "instruction": None}))
        else:
            steps.append(step)
    return plan.model_copy(update={"steps": tuple(steps)}), tools


def _giver(pinned: Mapping[str, JSON], each: set[str], plain: JSON) -> Any:
    """A function that gives a step's pinned result, or a plain one. A pinned list is of all the items."""

    def give(*, context: Any, **_: Any) -> JSON:
        if context.step not in pinned:
            return plain
        items = cast("list[Any]", pinned[context.step])
        whole = context.step not in each or not isinstance(pinned[context.step], list) or not items
        return pinned[context.step] if whole else items[0]

    return give


def _as_it_is(result: JSON) -> JSON:
    return result


def plainest(schema: Schema, depth: int = 0) -> JSON:
    """The plainest value that fits a schema; None where the schema says nothing."""
    here = resolved(schema, schema)
    if depth > _DEEPEST or not here:
        return None
    if "const" in here:
        return here["const"]
    if here.get("enum"):
        return here["enum"][0]
    options = here.get("anyOf") or here.get("oneOf")
    if options:
        return plainest(resolved(options[0], here), depth + 1)
    if "default" in here:
        return here["default"]
    match here.get("type"):
        case "string":
            day = here.get("pattern") == DATE or here.get("format") == "date"
            return _DAY if day else "text"[: here.get("maxLength", 4)]
        case "integer" | "number":
            return max(1, here.get("minimum", 1))
        case "boolean":
            return True
        case "array":
            return [plainest(resolved(here.get("items", {}), here), depth + 1)]
        case "object":
            fields: Mapping[str, Any] = here.get("properties", {})
            return {name: plainest(resolved(one, here), depth + 1) for name, one in fields.items()}
        case _:
            return None
