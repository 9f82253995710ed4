"""`prudent agent`: a run that waits is found, approved, resumed and shown from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prudent.cli.main import app
from prudent_agents import Agent
from prudent_agents.journal import SqliteJournal
from prudent_agents.plan import Given, Plan, Step

MODULE = """
from prudent_agents import Agent, tool
from prudent_agents.journal import SqliteJournal

@tool(effect="write", approval=True, trusted=True)
def pay(amount: int) -> int:
    "Pay an amount."
    return amount

desk = Agent(tools=[pay], journal=SqliteJournal(), name="desk")
"""


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["agent", *arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """The agent of a module in the folder at hand, whose journal is in a home of its own."""
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "home"))
    name = f"desk_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    desk: Agent = __import__(name).desk
    return desk


def test_a_run_from_its_question_to_its_end(desk: Agent) -> None:
    assert "There is no journal" in run("list", code=2)
    plan = Plan(
        goal="pay the rent", steps=(Step(id="rent", tool="pay", arguments={"amount": Given(value=700)}),)
    )
    waits = desk.execute(plan)
    listed = json.loads(run("list", "--json"))
    assert (listed["runs"][0]["state"], listed["waiting"][0]["tool"]) == ("paused", "pay")
    digest = listed["waiting"][0]["digest"]
    assert f"prudent agent approve {digest[:12]}" in run("list")
    assert "There is no run nothing" in run("show", "nothing", code=2)
    assert "No call that waits" in run("approve", "ffff", code=2)
    assert "Approved: pay in rent" in run("approve", digest[:12], "--by", "ann")
    where = ["--app", f"{next(Path.cwd().glob('desk_*.py')).stem}:desk"]
    assert json.loads(run("resume", waits.id[:9], *where, "--json"))["output"] == 700
    assert "is over: done" in run("resume", waits.id, *where, code=1)
    assert "comes out the same" in run("replay", waits.id, *where)
    shown = run("show", waits.id, "--events")
    assert "rent: pay  = 700" in shown
    assert "approval_given" in shown
    assert json.loads(run("show", waits.id, "--json"))["events"][-1]["status"] == "done"
    assert "unbroken: 1 runs" in run("verify")
    forked = run("fork", waits.id, "rent").strip()
    assert "interrupted" in run("list")
    run("forget", forked)
    assert "There is no run" in run("show", forked, code=2)


def test_a_damaged_journal_is_reported_and_the_exit_code_says_so(desk: Agent) -> None:
    step = Step(id="rent", tool="pay", arguments={"amount": Given(value=700)})
    waits = desk.execute(Plan(goal="pay", steps=(step,)))
    journal = SqliteJournal()
    with journal._database.changing() as connection:
        connection.execute("UPDATE events SET body = replace(body, '700', '7') WHERE kind = 'approval_asked'")
    assert f"BROKEN {waits.id} at event" in run("verify", code=1)
    assert "is damaged at event" in run("show", waits.id, code=1)


RECIPE = """\
prudent: recipe/1
name: note-desk
about: Keeps a note.
parameters:
  note: {type: text, about: the note}
tools:
  - files.write: {ask: always, with: {root: .}}
steps:
  keep: {tool: files.write, with: {path: note.txt, text: $note}}
"""


def test_a_recipes_run_goes_on_with_its_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the parameters that it was begun with; another recipe's is refused."""
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    begun = CliRunner().invoke(app, ["recipe", "run", "recipe.yaml", "--set", "note=Call Ann"])
    assert "prudent agent resume run_" in begun.stderr
    waits = json.loads(run("list", "--json"))
    name = waits["runs"][0]["id"]
    run("approve", waits["waiting"][0]["digest"])
    assert "is not said" in run("resume", name, code=2)
    assert "is of note-desk, not of invoice-desk" in run("resume", name, "--recipe", "invoice-desk", code=2)
    assert "done" in run("resume", name, "--recipe", "recipe.yaml")
    assert (tmp_path / "note.txt").read_text() == "Call Ann"


def test_what_is_no_agent_is_said(desk: Agent) -> None:
    desk.execute(Plan(goal="nothing", steps=()))
    assert "cannot be imported" in run("resume", "run", "--app", "nowhere_at_all:desk", code=2)
    assert "json:tool is no agent" in run("resume", "run", "--app", "json:tool", code=2)
