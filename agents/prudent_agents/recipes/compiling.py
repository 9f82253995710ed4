"""Makes a plan, rules and a budget of a checked recipe. The plan is like any an agent makes."""

from __future__ import annotations

from typing import Any

from prudent_agents.budget import Budget
from prudent_agents.plan import FILL, SAY, Argument, Given, Plan, Ref, Rung, Step
from prudent_agents.recipes.check_steps import sources
from prudent_agents.recipes.document import Models, RecipeDocument, StepPart
from prudent_agents.recipes.references import (
    is_reference,
    literal,
    parse_condition,
    parse_reference,
)
from prudent_agents.recipes.shapes import schema_of


def plan_of(document: RecipeDocument) -> Plan:
    """The steps of a recipe that was checked, as a plan. A recipe with a goal has none yet."""
    steps = [_step(document, name, step) for name, step in document.steps.items()]
    return Plan(
        goal=document.about,
        steps=tuple(steps),
        parameters=tuple(document.parameters),
        rung=Rung.FIXED,
        model=worker_of(document),
    )


def _step(document: RecipeDocument, name: str, step: StepPart) -> Step:
    arguments: dict[str, Argument] = {key: _argument(value) for key, value in step.with_.items()}
    for _, argument, text in sources(name, step):
        arguments[argument] = _reference(text)
    common: dict[str, Any] = {
        "id": name,
        "about": step.about,
        "arguments": arguments,
        "needs": tuple(need.removeprefix("$") for need in step.needs),
        "each": _reference(step.each) if step.each else None,
        "when": parse_condition(step.when) if step.when else None,
    }
    if step.tool is not None:
        return Step(tool=step.tool, **common)
    if step.say is not None:
        return Step(tool=SAY, instruction=step.say, **common)
    return Step(tool=FILL, shape=shape_of(document, step.fill), instruction=step.told, **common)


def shape_of(document: RecipeDocument, notation: Any) -> dict[str, Any]:
    """The JSON Schema of a shape of a checked recipe."""

    def unheard(where: tuple[int | str, ...], message: str, hint: str | None) -> None:
        del where, message, hint

    return schema_of(notation, document.shapes, unheard)


def _argument(value: Any) -> Argument:
    return _reference(value) if is_reference(value) else Given(value=literal(value), origin="recipe")


def _reference(text: str) -> Ref:
    reference = parse_reference(text)
    assert reference is not None, "the recipe was not checked"
    return reference


def budget_of(document: RecipeDocument) -> Budget:
    """The recipe's limits; what it does not name has an agent's own."""
    return Budget(**document.budget.model_dump(exclude_none=True))


def worker_of(document: RecipeDocument) -> str | None:
    """The model that fills and says, None for the default."""
    return document.model.worker if isinstance(document.model, Models) else document.model


def planner_of(document: RecipeDocument) -> str | None:
    """The model that plans where there is a goal, None for the worker."""
    return document.model.planner if isinstance(document.model, Models) else None
