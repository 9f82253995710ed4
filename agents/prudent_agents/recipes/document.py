"""The form of a recipe's file, `prudent: recipe/1`: keys and plain types. Knows no tool, checks no reference.

A recipe is data. It names tools and never code; it refers to values and never computes with them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from prudent_agents.plan import MOST_STEPS, STEP_NAME

FORMAT = "recipe/1"
RECIPE_NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"
ParameterType = Literal["text", "number", "integer", "date", "yes/no", "enum", "folder", "file", "secret"]
MOST_PARAMETERS = 32
MOST_TOOLS = 64
MOST_TESTS = 64
ENVIRONMENT = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"

Name = Annotated[str, Field(pattern=STEP_NAME)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Part):
    """A value that is given at each run; forms and command lines are made of it.

    `trust: untrusted` says that somebody else wrote the value (a ticket, an application); `private` that it
    is about people. `choices` belong to enum, `env` (the environment variable that holds it) to secret,
    `minimum` and `maximum` to numbers, `longest` (characters) to text, `endings` to file.
    """

    type: ParameterType
    about: str = ""
    default: Any = None
    optional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    longest: Annotated[int, Field(gt=0, le=1_000_000)] | None = None
    choices: Annotated[list[str | int | float], Field(min_length=1, max_length=256)] | None = None
    env: Annotated[str, Field(pattern=ENVIRONMENT)] | None = None
    endings: list[Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]{1,8}$")]] | None = None
    trust: Literal["trusted", "untrusted"] = "trusted"
    private: bool = False


class Models(_Part):
    """`planner` plans where there is a goal, `worker` fills and says."""

    planner: str | None = None
    worker: str | None = None


class ToolOptions(_Part):
    """What a recipe asks of a tool beyond its own: a sterner effect, and when a person is asked.

    `ask` is `always` or `when <argument> <op> <literal or parameter>`. `with` are a tool's settings, for
    tools that have some (a folder to stay in, a database).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    effect: Literal["read", "idempotent", "write"] | None = None
    ask: str | None = None
    with_: dict[str, Any] = Field(default={}, alias="with")


def _kind(value: Any) -> str:
    return "options" if isinstance(value, dict) else "name"


ToolEntry = Annotated[
    Annotated[str, Tag("name")]
    | Annotated[dict[str, ToolOptions | None], Tag("options"), Field(min_length=1, max_length=1)],
    Discriminator(_kind),
]


class StepPart(_Part):
    """One step: `tool` with arguments, or `fill` a shape, or `say` text as told, `from` earlier values.

    `each` runs it for every item of a list (`$item`), `when` only where a condition holds, `needs` after
    other steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    about: str = ""
    tool: str | None = None
    fill: Any = None
    say: str | None = None
    told: str | None = None
    with_: dict[str, Any] = Field(default={}, alias="with")
    from_: str | list[str] | dict[str, str] | None = Field(default=None, alias="from")
    each: str | None = None
    when: str | None = None
    needs: list[str] = []


class RuleEntry(_Part):
    """One rule: `deny: untrusted -> bank.pay.iban`. The sternest rule that fits decides."""

    allow: str | None = None
    ask: str | None = None
    deny: str | None = None


class PolicyPart(_Part):
    """`checks` is a policy of prudent's checks; `flows` are rules on labels, `tools` on tools."""

    checks: str | None = None
    flows: list[RuleEntry] = []
    tools: list[RuleEntry] = []


def _amount(value: Any) -> Any:
    """`20k` is 20,000 and `1m` a million."""
    if isinstance(value, str) and value[:-1].isdigit() and value[-1:] in "km":
        return int(value[:-1]) * (1_000 if value[-1] == "k" else 1_000_000)
    return value


_Amount = Annotated[int, BeforeValidator(_amount, json_schema_input_type=int | str), Field(gt=0)]


class BudgetPart(_Part):
    """The most that a run may use; what is left out has the agent's own limits."""

    tokens: _Amount | None = None
    calls: _Amount | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    money: Annotated[float, Field(ge=0)] | None = None


class TestPart(_Part):
    """One test: parameters, what a person would say when asked (`approve`), and what is expected.

    Keys of `expect` are `status`, `blocked`, `asks`, `skipped` (steps), or a place in a result
    (`step.field`); values are literals, or one of {contains:}, {at least:}, {at most:}, {one of:}.
    """

    __test__ = False

    name: str = ""
    given: dict[str, Any] = {}
    approve: Literal["all", "none"] = "none"
    expect: Annotated[dict[str, Any], Field(min_length=1)]


class RecipeDocument(_Part):
    """A whole recipe. Either `steps`, or a `goal` that the agent plans for."""

    prudent: Literal["recipe/1"]
    name: Annotated[str, Field(pattern=RECIPE_NAME)]
    version: Annotated[str, BeforeValidator(str, json_schema_input_type=str | int | float)] = "1"
    about: Annotated[str, Field(min_length=1)]
    licence: str | None = None
    parameters: Annotated[dict[Name, Parameter], Field(max_length=MOST_PARAMETERS)] = {}
    model: str | Models | None = None
    instructions: str = ""
    tools: Annotated[list[ToolEntry], Field(max_length=MOST_TOOLS)] = []
    steps: Annotated[dict[Name, StepPart], Field(max_length=MOST_STEPS)] = {}
    goal: str | None = None
    shapes: dict[Name, Any] = {}
    output: str | dict[str, str] | None = None
    policy: PolicyPart = PolicyPart()
    budget: BudgetPart = BudgetPart()
    pins: dict[str, Any] = {}
    tests: Annotated[list[TestPart], Field(max_length=MOST_TESTS)] = []


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, for editors that check YAML while it is written."""
    schema = RecipeDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "prudent recipe"}
