"""A plan as typed data: steps, where arguments come from, what depends on what. Knows no model, runs nothing.

A plan can be read, changed, stored and compared before anything has run. Edges carry values: an argument is
a value, a reference to an earlier result, or a blank that a model fills once earlier results are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from prudent_agents.errors import PlanError
from prudent_agents.values import JSON

LETTERS = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0370-\u03FF\u0400-\u052F"
    r"\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF"
)
"""Of Latin, Greek, Cyrillic, kana, Chinese and Hangul, as every dialect of regular expressions reads them."""
STEP_NAME = rf"^[{LETTERS}][{LETTERS}0-9_-]{{0,63}}$"
MOST_STEPS = 64
LONGEST_GOAL = 50_000
"""Characters: some 12,000 tokens, of which a small model makes little sense already."""
FILL = "fill"
"""The tool name of a step in which a model writes a value of a given shape from its inputs, with no tools."""
SAY = "say"
"""The tool name of a step in which a model writes text from its inputs, with no tools."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(_Data):
    """A value that is known before the run. `origin` says who gave it."""

    kind: Literal["given"] = "given"
    value: JSON = None
    origin: Literal["request", "recipe", "parameter", "model"] = "recipe"


class Ref(_Data):
    """The result of a step, or what is at `path` in it (field names and positions)."""

    kind: Literal["ref"] = "ref"
    step: str
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return "$" + ".".join((self.step, *map(str, self.path)))


class Blank(_Data):
    """A value that a model fills when the step runs, from the request and the results of `inputs`."""

    kind: Literal["blank"] = "blank"
    inputs: tuple[str, ...] = ()


Argument = Annotated[Given | Ref | Blank, Field(discriminator="kind")]


class Condition(_Data):
    """`when <ref> <op> <value>`: the only kind of branch there is, so that a plan can be checked.

    `says` and `says not` hold what was read against a condition in the user's own words (see holding.py).
    """

    left: Ref
    op: Literal["==", "!=", "<", "<=", ">", ">=", "in", "says", "says not"]
    right: Argument

    def __str__(self) -> str:
        right = self.right.value if isinstance(self.right, Given) else self.right
        return f"{self.left} {self.op} {right}"


class Step(_Data):
    """One call. `about` is the part of the goal that it is for, in words.

    `arguments` are those of the tool; `needs` are steps that must be done before, beside those that are
    referred to. With `each` the step runs once for every item of a list, and its result is the list of
    results; the item is `$item` in arguments. `shape` is the JSON Schema of a FILL step's result;
    `instruction` is what a FILL or SAY step is told. `confidence` (0-1) is the model's, where a model chose.
    """

    id: str = Field(pattern=STEP_NAME)
    tool: str
    about: str = ""
    arguments: dict[str, Argument] = {}
    needs: tuple[str, ...] = ()
    each: Ref | None = None
    when: Condition | None = None
    shape: dict[str, Any] | None = None
    instruction: str | None = None
    confidence: float | None = None

    @property
    def conditional(self) -> bool:
        """Whether its condition or its list is said of an item, which is only there after both."""
        sides = () if self.when is None else (self.when.left, self.when.right)
        return any(isinstance(one, Ref) and one.step == ITEM for one in (*sides, self.each))

    @property
    def in_words(self) -> bool:
        """Whether it is done under a condition in the user's own words, which a person can decide too."""
        return self.when is not None and self.when.op in ("says", "says not")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The steps whose results this one uses or waits for, in order, each once."""
        return tuple(name for name in self.refers if name != ITEM)

    @property
    def data(self) -> tuple[str, ...]:
        """Of its inputs those without whose results it cannot run: what it refers to."""
        refs = [*self.arguments.values(), self.each]
        if self.when is not None:
            refs += [self.when.left, self.when.right]
        return tuple(dict.fromkeys(one.step for one in refs if isinstance(one, Ref) and one.step != ITEM))

    @property
    def refers(self) -> tuple[str, ...]:
        """Every name that it refers to or waits for, in order, each once."""
        found: list[str] = []
        for argument in self.arguments.values():
            if isinstance(argument, Ref):
                found.append(argument.step)
            elif isinstance(argument, Blank):
                found.extend(argument.inputs)
        if self.each is not None:
            found.append(self.each.step)
        if self.when is not None:
            found.append(self.when.left.step)
            if isinstance(self.when.right, Ref):
                found.append(self.when.right.step)
        found.extend(self.needs)
        return tuple(dict.fromkeys(found))


ITEM = "item"
"""The name by which a step with `each` refers to the item at hand."""


class Rung(StrEnum):
    """Who made the plan, from the surest to the freest (the planning ladder)."""

    FIXED = "fixed"
    TEMPLATE = "template"
    DECODED = "decoded"
    STEPWISE = "stepwise"
    PLANNER = "planner"


class Estimate(_Data):
    """What a run is expected to use, as ranges (low, high). `money` is None where no price is known."""

    tokens: tuple[int, int] = (0, 0)
    calls: tuple[int, int] = (0, 0)
    seconds: tuple[float, float] = (0.0, 0.0)
    money: tuple[float, float] | None = (0.0, 0.0)


def see_to_goal(goal: str, *, param: str = "goal") -> None:
    """See that a goal, or a part of one, can be worked on.

    Raises:
        PlanError: it is empty, or longer than LONGEST_GOAL.
    """
    if not goal.strip():
        raise PlanError(f"The {param} is empty.", hint="Say what is to be done.", param=param)
    if len(goal) > LONGEST_GOAL:
        raise PlanError(
            f"The {param} has {len(goal):,} characters, and at most {LONGEST_GOAL:,} are read.",
            hint="Say what is to be done, and put the text that it is about into a file for a tool to read,"
            " or into a knowledge base: Agent(knowledge=...).",
            param=param,
        )


class Plan(_Data):
    """Steps towards a goal. Raises PlanError where it cannot be run: see `checked`."""

    goal: str
    steps: tuple[Step, ...] = Field(default=(), max_length=MOST_STEPS)
    parameters: tuple[str, ...] = ()
    """Names that references may use beside those of steps: what a recipe's user gives."""
    rung: Rung = Rung.FIXED
    model: str | None = None
    estimate: Estimate | None = None
    ends: Literal["answer", "ask_user", "cannot"] = "answer"
    """How it ends; `note` is then the question for the user, or why it cannot be done."""
    note: str | None = None

    @model_validator(mode="after")
    def _runnable(self) -> Plan:
        known = set(self.parameters)
        if ITEM in known or len(known) < len(self.parameters):
            raise PlanError(f"Parameters have names of their own, and none is '{ITEM}'.")
        for step in self.steps:
            if ITEM in step.refers and (step.each is None or step.conditional):
                raise PlanError(
                    f"Step '{step.id}' refers to '{ITEM}', which is there only in arguments under `each`.",
                    param=step.id,
                )
            if step.id in known or step.id == ITEM:
                raise PlanError(f"Two steps or parameters are called '{step.id}'.", param=step.id)
            for name in step.inputs:
                if name not in known:
                    raise PlanError(
                        f"Step '{step.id}' refers to '{name}', which is no earlier step.",
                        hint=f"There are: {', '.join(sorted(known)) or 'none'}.",
                        param=step.id,
                    )
            known.add(step.id)
        return self

    def step(self, name: str) -> Step:
        """The step of this name. Raises PlanError."""
        for step in self.steps:
            if step.id == name:
                return step
        raise PlanError(f"The plan has no step '{name}'.", hint=f"It has {', '.join(self.names)}.")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps, in order."""
        return tuple(step.id for step in self.steps)

    def ready(self, done: Iterable[str]) -> list[Step]:
        """The steps that are not done and whose inputs are, in order."""
        finished = {*done, *self.parameters}
        return [step for step in self.steps if step.id not in finished and finished.issuperset(step.inputs)]

    def extended(self, steps: Sequence[Step]) -> Plan:
        """The plan with more steps at its end. Raises PlanError."""
        return Plan.model_validate(self.model_dump() | {"steps": [*self.steps, *steps]})

    def mermaid(self, states: Mapping[str, str] | None = None) -> str:
        """The graph of steps as Mermaid; `states` names what became of each."""
        lines = ["flowchart TD"]
        for step in self.steps:
            state = (states or {}).get(step.id)
            title = f"{step.id}: {step.tool}" + (f" ({state})" if state else "")
            lines.append(f'    {step.id}["{title}"]')
            lines += [f"    {name} --> {step.id}" for name in step.inputs if name not in self.parameters]
        return "\n".join(lines)
