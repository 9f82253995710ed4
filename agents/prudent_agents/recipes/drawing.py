"""A recipe as people look at it: a tree of its steps, and a graph as Mermaid. Runs nothing."""

from __future__ import annotations

from prudent_agents.plan import FILL, SAY, Given, Step
from prudent_agents.recipes.checking import label_words, speaks_of
from prudent_agents.recipes.recipe import Recipe
from prudent_agents.recipes.scope import Known, described
from prudent_agents.rules import DEFAULT_RULES, Permission
from prudent_agents.tool import Effect
from prudent_agents.values import digest

_SHOWN = 60


def tree(recipe: Recipe) -> str:
    """The recipe in lines: parameters, tools with their effects, steps with where values come from, rules."""
    document = recipe.document
    lines = [f"{document.name} {document.version}: {document.about}", "", "parameters"]
    for name, parameter in document.parameters.items():
        default = "" if parameter.default is None else f", default {parameter.default}"
        told = _marks(recipe.checked.scope.names[name])
        lines.append(f"  {name}: {parameter.type}{default}{told}")
    if not document.parameters:
        lines.append("  none")
    lines += ["", "tools"]
    for tool in recipe.checked.tools.values():
        trust = "" if tool.trusted else ", gives what others wrote"
        lines.append(f"  {tool.name} ({tool.effect}{trust}): {tool.card.splitlines()[0][:_SHOWN]}")
    if not recipe.checked.tools:
        lines.append("  none")
    lines.append("")
    if document.goal is not None:
        lines += ["goal", f"  {document.goal}", "  The agent plans; nothing runs that the rules forbid."]
    else:
        lines.append("steps")
        for step in recipe.plan.steps:
            lines += _step(recipe, step)
    lines += ["", "rules"]
    lines += [f"  {rule.text}" for rule in recipe.checked.rules]
    lines += [f"  {rule.text} (built in)" for rule in DEFAULT_RULES]
    return "\n".join(lines)


def _step(recipe: Recipe, step: Step) -> list[str]:
    known = recipe.checked.scope.names[step.id]
    effect = effect_of(recipe, step)
    lines = [f"  {step.id}: {step.tool} ({effect}) -> {described(known)}{_marks(known)}"]
    if step.each is not None:
        lines.append(f"      for each of {step.each}")
    if step.when is not None:
        lines.append(f"      when {step.when}")
    if step.instruction:
        lines.append(f"      told: {digest(step.instruction, characters=_SHOWN)}")
    for name, argument in step.arguments.items():
        shown = digest(argument.value, characters=_SHOWN) if isinstance(argument, Given) else str(argument)
        arguments = recipe.checked.arguments.get(step.id, {})
        lines.append(f"      {name} = {shown}{_marks(arguments[name]) if name in arguments else ''}")
    word = permission(recipe, step)
    if word:
        lines.append(f"      {word}")
    return lines


def effect_of(recipe: Recipe, step: Step) -> Effect:
    """What a step leaves behind; a model that writes leaves nothing."""
    return Effect.READ if step.tool in (FILL, SAY) else recipe.checked.tools[step.tool].effect


def permission(recipe: Recipe, step: Step) -> str | None:
    """What the rules say of a step before it runs; conditions on values are said as such."""
    if step.tool in (FILL, SAY):
        return None
    arguments = recipe.checked.arguments.get(step.id, {})
    rules = [rule for rule in (*recipe.checked.rules, *DEFAULT_RULES) if rule.action is not Permission.ALLOW]
    certain = [rule for rule in rules if rule.field is None and speaks_of(rule, step.tool, arguments)]
    for action, words in ((Permission.DENY, "is always refused"), (Permission.ASK, "asks a person")):
        found = [rule.text for rule in certain if rule.action is action]
        if found:
            return f"{words}: {found[0]}"
    perhaps = [rule.text for rule in rules if rule.field is not None and rule.target == step.tool]
    if perhaps:
        return f"may ask or be refused: {'; '.join(perhaps)}"
    untrusted = [name for name, known in arguments.items() if not known.label.trusted]
    if effect_of(recipe, step) is Effect.WRITE and untrusted:
        return f"asks a person: {untrusted[0]} is untrusted, and it is a write (built in)"
    tool = recipe.checked.tools[step.tool]
    return "asks a person: the tool wants it" if tool.approval else None


def mermaid(recipe: Recipe) -> str:
    """The graph of steps as Mermaid: what is untrusted is red and dashed, writes have a thick border."""
    lines = ["flowchart TD"]
    document = recipe.document
    names = recipe.checked.scope.names
    links = 0
    untrusted: list[int] = []
    for name, parameter in document.parameters.items():
        lines.append(f'    {name}(["{name}: {parameter.type}"])')
    steps = recipe.plan.steps if document.steps else ()
    for step in steps:
        lines.append(f'    {step.id}["{step.id}: {step.tool}"]')
        for source in step.inputs:
            if not names[source].label.trusted:
                untrusted.append(links)
            lines.append(f"    {source} --> {step.id}")
            links += 1
    if untrusted:
        listed = ",".join(map(str, untrusted))
        lines.append(f"    linkStyle {listed} stroke:#b00020,stroke-dasharray:4")
    writes = [step.id for step in steps if effect_of(recipe, step) is Effect.WRITE]
    if writes:
        lines += ["    classDef write stroke-width:3px", f"    class {','.join(writes)} write"]
    return "\n".join(lines)


def _marks(known: Known) -> str:
    words = label_words(known)
    return f" [{words}]" if words else ""
