"""What names of a recipe stand for: the schema and the label of every parameter and step. Knows no file.

Labels follow from the steps alone: what a run will carry is known before it, and so is what a rule will say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prudent_agents.labels import TRUSTED, Label, join
from prudent_agents.plan import ITEM, Ref
from prudent_agents.recipes.fitting import Missing, Schema, at_path, in_words
from prudent_agents.recipes.problems import Findings, nearest
from prudent_agents.recipes.references import parse_reference
from prudent_responsible_ai.yaml_lines import Location


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for. `each` is the schema of one result where the step runs for every item."""

    schema: Schema = field(default_factory=dict[str, Any])
    label: Label = TRUSTED
    kind: str = "step"
    each: Schema | None = None


@dataclass
class Scope:
    """The names that may be referred to at one place. `later` are steps that come after it."""

    names: dict[str, Known] = field(default_factory=dict[str, Known])
    later: frozenset[str] = frozenset()

    def with_item(self, known: Known) -> Scope:
        """The same names and the item at hand."""
        return Scope({**self.names, ITEM: known}, self.later)

    def find(self, text: Any, at: Location, findings: Findings) -> tuple[Ref, Known] | None:
        """What a reference stands for; what is wrong with it is reported at the location."""
        reference = parse_reference(text) if isinstance(text, str) else None
        if reference is None:
            shown = f"'{str(text)[:80]}' is no reference."
            hint = "Write $step, $step.field or $parameter."
            if isinstance(text, str) and text.lstrip("$").split(".")[0] in self.names:
                hint = f"Did you mean '${text.lstrip('$')}'?"
            findings.error(at, shown, hint)
            return None
        known = self.names.get(reference.step)
        if known is None:
            findings.error(at, *self._unknown(reference))
            return None
        found = at_path(known.schema, reference.path)
        if isinstance(found, Missing):
            findings.error(at, *_missing(reference, known, found))
            return None
        return reference, Known(found, known.label, known.kind)

    def _unknown(self, reference: Ref) -> tuple[str, str]:
        name = reference.step
        if name in self.later:
            return (
                f"'{reference}' is the result of a later step.",
                "Put the step that gives it before this one.",
            )
        if name == ITEM:
            return "'$item' is there only in a step with `each`.", "Say what the step runs for: each: $list."
        return f"There is no step or parameter '{name}' before this.", nearest(name, self.names)


def _missing(reference: Ref, known: Known, missing: Missing) -> tuple[str, str | None]:
    name = reference.step
    if missing.is_list:
        if known.each is not None and not isinstance(at_path(known.each, reference.path), Missing):
            rest = ".".join(map(str, reference.path))
            return (
                f"`{name}` runs for every item, so it gives a list, which has no '{missing.part}'.",
                f"Say `each: ${name}` and `$item.{rest}` here, or `${name}.0.{rest}` for the first.",
            )
        return (
            f"`{reference}` does not exist: '{missing.part}' is asked of a list.",
            "Say `each:` to go through it, or a position such as .0.",
        )
    if not missing.fields:
        return f"`{reference}` does not exist: '{missing.part}' is asked of {missing.kind}.", None
    near = nearest(str(missing.part), missing.fields)
    return (
        f"`{reference}` does not exist; `{name}` gives {', '.join(missing.fields[:12])}.",
        near if near.startswith("Did") else None,
    )


def label_of(*known: Known) -> Label:
    """The label of what is made of these."""
    return join(one.label for one in known)


def described(known: Known) -> str:
    """What something is, in words."""
    return in_words(known.schema)
