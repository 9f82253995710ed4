"""Agents and a recipe behind /v1/agents: begun, streamed, approved, answered, left, seen by nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from scripted_planner import ScriptedAgentModel

from prudent.cli.agent_server import agent_app
from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import (
    ConfigurationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
)
from prudent.server.settings import Settings
from prudent.testing import ScriptedModel, ScriptedModels
from prudent_agents import Agent, tool
from prudent_agents.journal import SqliteJournal
from prudent_agents.plan import Given, Plan, Rung, Step
from prudent_agents.planning.planner import Planner
from prudent_agents.recipes import Recipe
from prudent_responsible_ai.assemble import build_pipeline, without_models
from prudent_responsible_ai.policy import AuditSettings
from prudent_responsible_ai.policy_file import load_policy

RECIPE = """\
prudent: recipe/1
name: note-desk
about: Reads a note and files it.
parameters:
  note: {type: text, about: the note, trust: untrusted}
  out: {type: folder, about: where to}
  token: {type: secret, env: NOTE_TOKEN, about: a secret}
tools:
  - files.write: {ask: always, with: {root: $out}}
steps:
  task: {fill: {what: text up to 40}, from: $note}
  keep: {tool: files.write, with: {path: task.txt, text: $task.what}}
output: {task: $task.what, kept: $keep.path, token: $token}
"""
DONE: list[str] = []


@tool(effect="write", trusted=True)
def turn(room: str) -> str:
    """Turn the heating on."""
    DONE.append(room)
    return "on"


class Fixed(Planner):
    """Turns the heating on in the room that the goal names; asks where it names none."""

    def __init__(self) -> None:
        """Asks no model."""

    async def plan(self, goal: str) -> Plan:
        """The plan."""
        room = goal.split()[-1]
        if room == "where":
            return Plan(goal=goal, rung=Rung.DECODED, ends="ask_user", note="Which room?")
        step = Step(id="turn", tool="turn", arguments={"room": Given(value=room, origin="request")})
        return Plan(goal=goal, rung=Rung.DECODED, steps=(step,))


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AppTransport, Path]]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRUDENT_HOME", str(home))
        patch.setenv("NOTE_TOKEN", "tell-nobody-4711")
        journal = SqliteJournal()
        model = ScriptedAgentModel(text="said", delay=0.0)
        heating = Agent(
            tools=[turn], model=model, planner=Fixed(), journal=journal, name="heating", about="Heats."
        )
        asking = Agent(
            tools=[turn], model=model, planner=Fixed(), journal=journal, name="careful", rules=["ask: turn"]
        )
        slow = Agent(model=ScriptedAgentModel(text="said", delay=30.0), journal=journal, name="slow")
        app = agent_app(
            [heating, asking, slow, Recipe(RECIPE, "recipe.yaml")],
            Settings(model="scripted", api_keys=(SecretStr("ann"), SecretStr("bob")), preload=False),
            fixed={"note-desk": {"out": str(home)}},
            pool=ScriptedModels((ScriptedModel('{"what": "call Ann"}'),)),
            pipeline=_light(),
        )
        transport = AppTransport(lambda: app)
        yield transport, home
        transport.close()


def _light() -> Any:
    policy = without_models(load_policy("default"))
    return build_pipeline(policy.model_copy(update={"audit": AuditSettings(enabled=False)}))


@pytest.fixture
def ann(offered: tuple[AppTransport, Path]) -> Iterator[Client]:
    DONE.clear()
    with httpx.Client(transport=_Kept(offered[0])) as http:
        yield Client(api_key="ann", http_client=http, max_retries=0)


class _Kept(httpx.BaseTransport):
    """Leaves the app running for the next test."""

    def __init__(self, inner: AppTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)


def test_what_is_offered_is_listed(ann: Client) -> None:
    cards = {one.id: one for one in ann.agents.list().data}
    assert set(cards) == {"heating", "careful", "slow", "note-desk"}
    assert [(one.name, one.effect) for one in cards["heating"].tools] == [("turn", "write")]
    assert set(cards["note-desk"].parameters["properties"]) == {"note"}, "no files, no secrets, nothing fixed"


def test_a_run_is_streamed_and_ends_with_its_state(ann: Client) -> None:
    with ann.agents.run("heating", "Heat the attic", stream=True) as events:
        seen = list(events)
    kinds = [event.type for event in seen]
    assert kinds[0] == "run_started"
    assert {"planned", "tool_intended", "tool_finished", "step_done", "run_ended"} <= set(kinds)
    last = seen[-1].run
    assert kinds[-1] == "run"
    assert not isinstance(last, str)
    assert last is not None
    assert (last.status, DONE, last.usage.tool_calls) == ("done", ["attic"], 1)
    assert ann.agents.retrieve("heating", last.id) == last


@pytest.mark.parametrize(("word", "status", "done"), [(True, "done", ["attic"]), (False, "refused", [])])
def test_a_call_waits_for_a_word_on_exactly_it(ann: Client, word: bool, status: str, done: list[str]) -> None:
    run = ann.agents.run("careful", "Heat the attic")
    assert (run.status, DONE) == ("paused", [])
    assert run.waiting is not None
    assert run.waiting.arguments == {"room": "attic"}
    with pytest.raises(ConflictError, match="does not wait for a word on this call"):
        ann.agents.resume("careful", run.id, digest="0" * 64, approve=True)
    ended = ann.agents.resume("careful", run.id, digest=run.waiting.digest, approve=word)
    assert (ended.status, DONE) == (status, done)
    with pytest.raises(ConflictError):
        ann.agents.resume("careful", run.id)


def test_a_question_is_answered(ann: Client) -> None:
    run = ann.agents.run("heating", "Heat it where")
    assert run.waiting is not None
    assert run.waiting.question == "Which room?"
    assert ann.agents.resume("heating", run.id, answer="kitchen").status == "done"
    assert DONE == ["kitchen"]


def test_leaving_the_stream_cancels(ann: Client) -> None:
    with ann.agents.run("slow", "Think", stream=True) as events:
        run = str(next(iter(events)).run)
    for _ in range(200):
        if ann.agents.retrieve("slow", run).status == "cancelled":
            break
        time.sleep(0.01)
    assert ann.agents.retrieve("slow", run).status == "cancelled"


def test_a_run_is_cancelled_from_elsewhere(ann: Client) -> None:
    """While it runs, and while it waits; not once it is over."""
    with ann.agents.run("slow", "Think", stream=True) as events:
        run = str(next(iter(events)).run)
        assert ann.agents.cancel("slow", run).status == "cancelled"
        assert list(events)[-1].type == "run", "whoever listens is told"
    waiting = ann.agents.run("careful", "Heat the attic")
    assert ann.agents.cancel("careful", waiting.id).status == "cancelled"
    with pytest.raises(ConflictError, match="over"):
        ann.agents.cancel("careful", waiting.id)
    assert DONE == []


def test_a_recipe_runs_on_the_servers_own_model_and_tells_no_secret(ann: Client, offered: Any) -> None:
    with ann.agents.run("note-desk", parameters={"note": "Call Ann"}, stream=True) as events:
        seen = list(events)
    run = seen[-1].run
    assert run is not None
    assert not isinstance(run, str)
    assert run.status == "paused", run.error
    assert "4711" not in "".join(one.model_dump_json() for one in seen)
    assert run.waiting is not None
    ended = ann.agents.resume("note-desk", run.id, digest=run.waiting.digest, approve=True)
    assert (ended.status, ended.trust) == ("done", "untrusted")
    assert ended.output == {"task": "call Ann", "kept": "task.txt", "token": "(secret)"}
    assert (offered[1] / "task.txt").read_text() == "call Ann"


def test_what_is_wrong_is_said_in_the_servers_form(ann: Client) -> None:
    with pytest.raises(NotFoundError, match="no agent 'heatin'") as lost:
        ann.agents.run("heatin", "Heat")
    assert "note-desk" in str(lost.value.hint)
    for agent, input, parameters, param in (
        ("heating", None, None, "input"),
        ("heating", "Heat", {"a": 1}, "parameters"),
        ("note-desk", None, {"out": "/etc"}, "out"),
        ("note-desk", None, {}, "note"),
        ("note-desk", "Do it", None, "input"),
    ):
        with pytest.raises(InvalidRequestError) as wrong:
            ann.agents.run(agent, input, parameters=parameters)
        assert wrong.value.param == param


def test_a_run_is_its_owners(ann: Client, offered: Any) -> None:
    """Another key is told that there is none; the same id begins no second run."""
    run = ann.agents.run("careful", "Heat the attic")
    with httpx.Client(transport=_Kept(offered[0]), base_url="http://localhost") as http:
        bob = Client(api_key="bob", http_client=http, max_retries=0)
        for call in (bob.agents.retrieve, bob.agents.resume, bob.agents.cancel):
            with pytest.raises(NotFoundError):
                call("careful", run.id)
        again = http.post(
            "/v1/agents/careful/runs",
            json={"id": run.id, "input": "Heat the attic"},
            headers={"authorization": "Bearer ann"},
        )
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_conflict")


def test_no_more_runs_at_once_than_may_be(ann: Client) -> None:
    streams = [ann.agents.run("slow", "Think", stream=True) for _ in range(8)]
    with pytest.raises(RateLimitError, match="8 runs"):
        ann.agents.run("heating", "Heat the attic")
    for one in streams:
        one.close()


def test_a_recipe_that_wants_other_checks_is_not_offered() -> None:
    stern = RECIPE.replace("output:", "policy: {checks: strict}\noutput:")
    with pytest.raises(ConfigurationError, match="wants the checks 'strict'"):
        agent_app([Recipe(stern, "recipe.yaml")], Settings(), pipeline=_light())
