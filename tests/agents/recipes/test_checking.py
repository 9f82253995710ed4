"""Recipes are checked whole: every slip is said at once, where it stands, with what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from prudent_agents.function_tool import tool
from prudent_agents.plan import Condition, Given, Ref
from prudent_agents.recipes.checking import Checked, check_text
from prudent_agents.recipes.compiling import budget_of, plan_of
from prudent_agents.recipes.problems import Problem, RecipeError
from prudent_agents.recipes.toolbox import Toolbox
from prudent_agents.tool import Effect


class Page(BaseModel):
    """A page."""

    text: str
    page: int


class Account(BaseModel):
    """An account."""

    iban: str
    name: str


@tool(name="vision.read")
def read(folder: str) -> list[Page]:
    "Read the text."
    return []


@tool(name="ledger.lookup", trusted=True)
def lookup(supplier: str) -> Account:
    "Find a supplier."
    return Account(iban="", name=supplier)


@tool(name="bank.draft", effect=Effect.WRITE)
def draft(iban: str, amount: float) -> str:
    "Draft a payment."
    return iban


BOX = Toolbox([read, lookup, draft], registered={})
RECIPE = """\
prudent: recipe/1
name: invoice-desk
about: Reads invoices from a folder and drafts payments.
parameters:
  inbox: {type: folder, about: where scans arrive}
  limit: {type: number, default: 500, minimum: 0}
tools:
  - vision.read
  - ledger.lookup
  - bank.draft: {effect: write, ask: when amount > limit}
steps:
  read:    {tool: vision.read, with: {folder: $inbox}}
  extract: {fill: Invoice, from: $item.text, each: $read}
  match:   {tool: ledger.lookup, with: {supplier: $extract.0.supplier}}
  pay:
    tool: bank.draft
    with: {iban: $match.iban, amount: $extract.0.amount}
    when: $extract.0.kind == travel
shapes:
  Invoice: {supplier: text, amount: number, due: date, kind: [meal, travel], lines: list of Line}
  Line: {name: text up to 40, price: number or nothing}
policy:
  flows:
    - ask: untrusted -> bank.draft.amount
budget: {tokens: 20k, seconds: 60, money: 0}
tests:
  - given: {inbox: samples/ok}
    expect: {extract.0.amount: 120.5, blocked: pay}
"""


def check(text: str) -> Checked:
    return check_text("recipe.yaml", text, BOX)


def problems(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        check(text)
    return [str(problem) for problem in caught.value.problems if problem.severity == "error"]


def test_a_whole_recipe_becomes_a_plan() -> None:
    checked = check(RECIPE)
    plan = plan_of(checked.document)
    assert plan.names == ("read", "extract", "match", "pay")
    assert plan.step("extract").each == Ref(step="read")
    assert plan.step("pay").arguments["amount"] == Ref(step="extract", path=(0, "amount"))
    assert plan.step("pay").when == Condition(
        left=Ref(step="extract", path=(0, "kind")), op="==", right=Given(value="travel")
    )
    shape = plan.step("extract").shape
    assert shape is not None
    assert shape["properties"]["lines"]["items"]["properties"]["name"] == {"type": "string", "maxLength": 40}
    assert budget_of(checked.document).tokens == 20_000
    assert [str(rule.text) for rule in checked.rules] == [
        "ask: bank.draft when amount > limit",
        "ask: untrusted -> bank.draft.amount",
    ]
    assert checked.warnings == ()


def test_every_slip_is_said_at_once_where_it_stands() -> None:
    text = (
        RECIPE.replace("$extract.0.amount}", "$extract.0.amont}")
        .replace("{supplier: $extract", "{suplier: $extract")
        .replace("  limit:", "  limt:")
        .replace("due: date", "due: dat")
        .replace("$item.text", "$read.text")
        .replace("bank.draft.amount", "bank.draft.amout")
        .replace("blocked: pay", "blocked: pai")
        .replace("== travel", "== travle")
        .replace("about: where", "abuot: where")
    )
    found = problems(text)
    for place, words in {
        "5:25": ["'abuot' is no key of the parameter 'inbox'.", "'about'"],
        "10:38": ["'amount' is number, and it is compared with 'limit' by >.", "Did you mean 'limt'?"],
        "13:34": ["`$read.text` does not exist: 'text' is asked of a list."],
        "14:19": ["ledger.lookup also needs 'supplier' (text)"],
        "14:41": ["ledger.lookup has no argument 'suplier'.", "Did you mean 'supplier'?"],
        "17:39": ["`extract` gives supplier, amount, due, kind, lines.", "Did you mean 'amount'?"],
        "18:11": ["so it is never 'travle'.", "Did you mean 'travel'?"],
        "20:50": ["'dat' is no type and no shape.", "Did you mean 'date'?"],
        "24:12": ["The tool bank.draft has no argument 'amout'.", "Did you mean 'amount'?"],
        "28:48": ["There is no step 'pai'.", "Did you mean 'pay'?"],
    }.items():
        assert [one for one in found if one.startswith(f"recipe.yaml:{place}: ")], (place, found)
        assert all(any(word in one for one in found) for word in words), (words, found)
    assert len(found) == 10


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("recipe/1", "recipe/2", "'recipe/1' is what can be read here"),
        ("name: invoice-desk", "name: Invoice Desk", "is no name of a recipe"),
        ("steps:", "stepz:", "'stepz' is no key of a recipe. Did you mean 'steps'?"),
        ("type: folder", "type: foldr", "Did you mean 'folder'?"),
        ("default: 500", "default: -1", "less than 0"),
        ("- vision.read", "- vision.raed", "There is no tool 'vision.raed'. Did you mean 'vision.read'?"),
        ("effect: write", "effect: read", "The effect of bank.draft is write, and the recipe says read"),
        ("folder: $inbox", "folder: $limit", "vision.read takes text as 'folder', and this is number"),
        ("folder: $inbox", "folder: [$inbox]", "A reference stands alone"),
        ("folder: $inbox", "folder: $match.name", "'$match.name' is the result of a later step"),
        ("fill: Invoice", "fill: Invoise", "Did you mean 'Invoice'?"),
        ("each: $read", "each: $inbox", "`each` goes through a list, and $inbox is text"),
        ("when: $extract.0.kind == travel", "when: len($read) > 3", "is no condition"),
        ("lines: list of Line", "lines: list of Invoice", "The shape Invoice contains itself"),
        ("ask: untrusted", "ask: untrustd", "Did you mean 'untrusted'?"),
        ("tokens: 20k", "tokens: -5", "tokens"),
        ("type: number, default", "type: secret, default", "A secret does not stand in a recipe"),
        ("extract.0.amount: 120.5", "extract.0.amount: many", "so it is never 'many'"),
        ("inbox: samples/ok", "inbax: samples/ok", "There is no parameter 'inbax'"),
        ("blocked: pay", "status: finished", "'finished' is no status"),
        ("  match:", "  inbox:", "is the name of a parameter already"),
        ("name: invoice-desk", "name: *x", "aliases are not supported"),
        ("name: invoice-desk", "name: a\nname: b", "is given twice"),
    ],
)
def test_a_slip_is_named(old: str, new: str, words: str) -> None:
    assert old in RECIPE
    found = problems(RECIPE.replace(old, new, 1))
    assert [one for one in found if words in one], found


def test_a_step_that_a_rule_always_refuses_is_said_before_a_run() -> None:
    checked = check(RECIPE.replace("ask: untrusted", "deny: untrusted"))
    assert [str(one) for one in checked.warnings] == [
        "recipe.yaml:16:11: warning: `deny: untrusted -> bank.draft.amount` refuses this step at every run."
    ]


def test_a_secret_is_never_shown_to_a_model() -> None:
    text = RECIPE.replace("  limit:", "  key: {type: secret, env: KEY}\n  limit:").replace(
        "from: $item.text", "from: [$item.text, $key]"
    )
    assert "$key is a secret, and a model must not see it." in " ".join(problems(text))


def test_a_shape_cannot_grow_without_end() -> None:
    """Each shape twice in the next one would be 2**40 parts."""
    shapes = "".join(f"  S{n}: {{a: S{n + 1}, b: S{n + 1}}}\n" for n in range(40))
    text = RECIPE.replace("shapes:\n", f"shapes:\n{shapes}  S40: text\n")
    assert "parts" in " ".join(problems(text))


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(
        ["parameters", "tools", "steps", "shapes", "policy", "budget", "tests", "pins", "output"]
    ),
)
def test_whatever_stands_in_a_part_is_checked_or_said(value: object, part: str) -> None:
    """Nothing that YAML can hold breaks the checker: it is fine, or an error with a place."""
    data = yaml.safe_load(RECIPE)
    data[part] = value
    found: tuple[Problem, ...] = ()
    try:
        check(yaml.safe_dump(data, allow_unicode=True))
    except RecipeError as error:
        found = error.problems
    assert all(problem.line > 0 and problem.column > 0 and problem.message for problem in found)


def test_the_schema_for_editors_is_the_forms_own(tmp_path: Path) -> None:
    import json

    import jsonschema

    import prudent_agents.recipes as package
    from prudent_agents.recipes.document import recipe_schema

    published = Path(package.__file__).with_name("recipe.schema.json").read_text(encoding="utf-8")
    assert json.loads(published) == recipe_schema()
    validator = jsonschema.Draft202012Validator(recipe_schema())
    validator.validate(yaml.safe_load(RECIPE))
    assert not validator.is_valid(yaml.safe_load(RECIPE) | {"stepz": {}})
