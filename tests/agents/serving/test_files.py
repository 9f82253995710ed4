"""Files that come with a run over /v1/agents: read, checked, shown to the answer or to a recipe's tools."""

from __future__ import annotations

import tempfile
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
from prudent.errors import InvalidRequestError, RequestTooLargeError
from prudent.server.settings import Settings
from prudent.testing import ScriptedModel, ScriptedModels
from prudent.types.agents import MOST_FILES
from prudent_agents import Agent
from prudent_agents.journal import SqliteJournal
from prudent_agents.models.prompts import LONGEST_ATTACHED
from prudent_agents.plan import Plan, Rung
from prudent_agents.planning.planner import Planner
from prudent_agents.recipes import Recipe
from prudent_responsible_ai.assemble import build_pipeline, without_models
from prudent_responsible_ai.policy import AuditSettings
from prudent_responsible_ai.policy_file import load_policy

RECIPE = """\
prudent: recipe/1
name: note-desk
about: Reads a note.
parameters: {note: {type: text, about: the note}}
steps:
  task: {say: Say it shorter., from: $note}
output: $task
"""
LETTERS = """\
prudent: recipe/1
name: letter-desk
about: Reads a letter.
parameters: {letter: {type: file, about: the letter, endings: [.txt]}}
tools:
  - files.read: {with: {root: $letter}}
steps:
  read: {tool: files.read, with: {path: $letter}}
output: $read
"""
POST = """\
prudent: recipe/1
name: letter-post
about: Reads a letter once a person allows it.
parameters: {letter: {type: file, about: the letter, endings: [.txt]}}
tools:
  - files.read: {with: {root: $letter}}
steps:
  read: {tool: files.read, with: {path: $letter}}
policy:
  tools:
    - ask: files.read
output: $read
"""
SECRET = "AKIAIOSFODNN7" + "EXAMPLE"


class Cannot(Planner):
    """Finds no tool for anything."""

    def __init__(self) -> None:
        """Asks no model."""

    async def plan(self, goal: str) -> Plan:
        """The plan."""
        return Plan(goal=goal, rung=Rung.DECODED, ends="cannot", note="No tool does it.")


Served = tuple[httpx.Client, ScriptedAgentModel]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An agent and a recipe behind a server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRUDENT_HOME", str(tmp_path_factory.mktemp("home")))
        model = ScriptedAgentModel(text="It is about a van.")
        reader = Agent(model=model, planner=Cannot(), journal=SqliteJournal(), name="reader")
        app = agent_app(
            [reader, *(Recipe(one, "recipe.yaml") for one in (RECIPE, LETTERS, POST))],
            Settings(model="scripted", api_keys=(SecretStr("ann"),), preload=False),
            pool=ScriptedModels((ScriptedModel("said"),)),
            pipeline=_light(),
        )
        with httpx.Client(transport=AppTransport(lambda: app)) as http:
            yield http, model


def _light() -> Any:
    policy = without_models(load_policy("default"))
    return build_pipeline(policy.model_copy(update={"audit": AuditSettings(enabled=False)}))


def client_of(served: Served) -> Client:
    """A client of that server."""
    return Client(api_key="ann", http_client=served[0], max_retries=0)


def test_a_file_is_read_and_shown_where_the_answer_is_written(served: Served, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Bring the grey van on Monday.", encoding="utf-8")
    asked = client_of(served).agents.run("reader", "What is it about?", files=[letter, ("更多.md", b"# Two")])
    assert (asked.status, asked.output, asked.trust) == ("done", "It is about a van.", "untrusted")
    shown = served[1].asked[-1][1]
    assert "letter.txt:" in shown
    assert "Bring the grey van" in shown
    assert "更多.md:" in shown
    plain = client_of(served).agents.run("reader", "What is it about?")
    assert plain.output == "No tool does it.", "only what came with the goal may answer it"


def test_what_the_checks_take_out_of_a_file_is_not_shown(served: Served) -> None:
    file = ("../../key.txt", f"The key is {SECRET}.".encode())
    client_of(served).agents.run("reader", "What is in it?", files=[file])
    assert "key.txt:" in served[1].asked[-1][1]
    assert SECRET not in served[1].asked[-1][1]


@pytest.mark.parametrize(
    ("files", "status", "param"),
    [
        ([{"name": "a.txt", "data": "no base64!"}], 400, "files[0].data"),
        ([{"name": "a.txt", "data": "YQ=="}] * (MOST_FILES + 1), 400, "files"),
        ([{"name": "a.txt"}], 400, "files[0].data"),
        ([{"name": "a.bin", "data": "AAECAwQ="}], 415, None),
    ],
)
def test_what_is_no_file_is_refused(served: Served, files: Any, status: int, param: str | None) -> None:
    headers = {"Authorization": "Bearer ann"}
    body = {"input": "Read it.", "files": files}
    answer = served[0].post("http://127.0.0.1/v1/agents/reader/runs", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["param"] == param


def test_what_is_too_long_is_refused_with_what_to_do(served: Served) -> None:
    with pytest.raises(RequestTooLargeError, match="8,000") as caught:
        client_of(served).agents.run("reader", "Read it.", files=[("a.txt", b"word " * LONGEST_ATTACHED)])
    assert "knowledge base" in str(caught.value)


def test_a_recipe_without_a_file_among_its_parameters_is_given_none(served: Served) -> None:
    with pytest.raises(InvalidRequestError, match="no use for the file") as caught:
        client_of(served).agents.run("note-desk", parameters={"note": "x"}, files=[b"text"])
    assert "fixed where it is offered" in str(caught.value)


def test_a_recipe_reads_the_file_that_came(served: Served) -> None:
    """By the tool that its author chose; as somebody else's, and as nobody else's to see."""
    asked = client_of(served).agents.run("letter-desk", files=[("../../letter.txt", b"Bring the grey van.")])
    assert (asked.status, asked.trust, asked.output) == ("done", "untrusted", "Bring the grey van.")
    kinds = next(one for one in client_of(served).agents.list().data if one.id == "letter-desk").parameters
    assert "given among `files`, one that ends in .txt" in kinds["properties"]["letter"]["description"]
    assert kinds["required"] == ["letter"]


def test_the_file_of_a_recipe_stays_while_its_run_waits_and_goes_with_its_end(served: Served) -> None:
    agents = client_of(served).agents
    begun = agents.run("letter-post", files=[("letter.txt", b"Bring the grey van.")])
    assert (begun.status, begun.waiting is not None) == ("paused", True)
    assert _kept() == 1
    assert begun.waiting
    ended = agents.resume("letter-post", begun.id, approve=True, digest=begun.waiting.digest)
    assert (ended.status, ended.output) == ("done", "Bring the grey van.")
    assert _kept() == 0


def _kept() -> int:
    """Folders with files of runs on this machine."""
    return sum(1 for _ in Path(tempfile.gettempdir()).glob("prudent-recipe-*/letter"))


@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        ({"files": [{"name": "a.db", "data": "YQ=="}]}, "files[0]", "letter: .txt"),
        ({"files": [{"name": "a.txt", "data": "YQ=="}] * 2}, "files[1]", "one of each"),
        ({"files": [{"name": "a.txt", "data": "no base64!"}]}, "files[0].data", "base64"),
        ({"parameters": {"letter": "/etc/passwd"}}, "letter", "Give files as `files`"),
        ({}, "letter", "missing"),
    ],
)
def test_what_is_no_file_of_a_recipe_is_refused(served: Served, body: Any, param: str, said: str) -> None:
    headers = {"Authorization": "Bearer ann"}
    answer = served[0].post("http://127.0.0.1/v1/agents/letter-desk/runs", json=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert said in answer.text
    assert _kept() == 0
