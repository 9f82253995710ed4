"""Writes a recipe as Python that uses the same classes: where a recipe ends, code goes on from there."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel

from prudent_agents.recipes.recipe import Recipe
from prudent_agents.recipes.references import is_reference, literal
from prudent_agents.recipes.rulebook import entries

_WIDTH = 100


def as_python(recipe: Recipe) -> str:
    """A module with the recipe's plan, tools, rules and budget, and a `main` that runs it.

    Raises:
        ConfigurationError: the recipe has a goal, so there is no plan to write down.
    """
    document, plan = recipe.document, recipe.plan
    inputs = {
        name: (parameter.default, recipe.checked.scope.names[name].label.model_dump(exclude={"sources"}))
        for name, parameter in document.parameters.items()
    }
    lines = [
        f'"""{_plain(document.about)}',
        "",
        f"Written from the recipe {document.name} {_plain(document.version)}.",
        '"""',
        "",
        "from pathlib import Path",
        "",
        "from prudent_agents.agent import Agent",
        "from prudent_agents.budget import Budget",
        "from prudent_agents.labels import Label",
        "from prudent_agents.plan import Condition, Given, Plan, Ref, Step",
        "from prudent_agents.rules import Rules, parse_rule",
        "from prudent_agents.run import Run",
        "from prudent_agents.tools import built_in",
        "from prudent_agents.values import Value",
        "",
        f"PLAN = {_code(plan, 0)}",
        "",
        "# What each parameter is where it is not given, and what its value is to be taken for.",
        "PARAMETERS = {",
    ]
    for name, (default, label) in inputs.items():
        words = ", ".join(f"{key}={value.value!r}" for key, value in label.items())
        lines.append(f"    {name!r}: ({default!r}, Label({words})),")
    lines += ["}", f"RULES = {_code([entry.text for entry in entries(document)], 0)}", "", ""]
    return "\n".join([*lines, *_main(recipe)])


def _main(recipe: Recipe) -> list[str]:
    """The function that runs it, and what runs that from a shell."""
    return [
        "def main(**given: object) -> Run:",
        f'    """Run it: {", ".join(recipe.document.parameters) or "it has no parameters"}."""',
        "    data = {name: given.get(name, default) for name, (default, _) in PARAMETERS.items()}",
        "    inputs = {name: Value(data=data[name], label=PARAMETERS[name][1]) for name in PARAMETERS}",
        "    tools = [",
        *_tools(recipe),
        "    ]",
        "    rules = Rules([parse_rule(rule, data) for rule in RULES])",
        f"    budget = {_code(document_budget(recipe), 1)}",
        "    agent = Agent(",
        f"        tools=tools, model={recipe.plan.model!r}, rules=rules, budget=budget,",
        f"        name={recipe.document.name!r},",
        "    )",
        "    with agent:",
        "        return agent.execute(PLAN, inputs=inputs)",
        "",
        "",
        'if __name__ == "__main__":',
        "    import sys",
        "",
        '    run = main(**dict(word.split("=", 1) for word in sys.argv[1:]))',
        '    print(run.status, run.output, run.error or "")',
        "",
    ]


def _plain(text: str) -> str:
    """A text that can stand in a docstring and cannot end it."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())


def document_budget(recipe: Recipe) -> BaseModel:
    """The recipe's budget as an agent has it."""
    from prudent_agents.recipes.compiling import budget_of

    return budget_of(recipe.document)


def _tools(recipe: Recipe) -> list[str]:
    lines: list[str] = []
    for entry in recipe.document.tools:
        name, options = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
        words = [repr(name)]
        for key, value in ({} if options is None else options.with_).items():
            said = repr(literal(value))
            if is_reference(value):
                said = f"data[{value[1:]!r}]"
                if key == "root" and recipe.document.parameters[value[1:]].type == "file":
                    said = f"Path({said}).parent"
            words.append(f"{key}={said}")
        lines.append(f"        built_in({', '.join(words)}),")
    return lines


def _code(value: Any, depth: int) -> str:
    """A value as Python: models by the fields that say something, broken into lines where it is long."""
    opening, parts, closing = _parts(value, depth)
    if parts is None:
        return opening
    flat = f"{opening}{', '.join(parts)}{',' if opening == '(' and len(parts) == 1 else ''}{closing}"
    if len(flat) + 4 * depth <= _WIDTH and "\n" not in flat:
        return flat
    pad = "    " * (depth + 1)
    return f"{opening}\n" + "".join(f"{pad}{part},\n" for part in parts) + f"{'    ' * depth}{closing}"


def _parts(value: Any, depth: int) -> tuple[str, list[str] | None, str]:
    if isinstance(value, BaseModel):
        fields = {
            name: getattr(value, name)
            for name, field in type(value).model_fields.items()
            if name not in ("kind", "rung", "model") and getattr(value, name) != field.default
        }
        parts = [f"{name}={_code(one, depth + 1)}" for name, one in fields.items()]
        return f"{type(value).__name__}(", parts, ")"
    if isinstance(value, tuple):
        return "(", [_code(one, depth + 1) for one in cast("tuple[Any, ...]", value)], ")"
    if isinstance(value, list):
        return "[", [_code(one, depth + 1) for one in cast("list[Any]", value)], "]"
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return "{", [f"{key!r}: {_code(one, depth + 1)}" for key, one in pairs], "}"
    return repr(value), None, ""
