"""The example apps do what they say, with scripted models and tools."""

from __future__ import annotations

import asyncio
import importlib
import io
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted_planner import ScriptedAgentModel

from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.testing import ScriptedModel, scripted_app, scripted_async_client, scripted_client
from prudent_agents import Agent, tool
from prudent_agents.plan import Given, Plan, Step
from prudent_agents.tools import built_in

APPS = Path(__file__).parents[2] / "examples" / "apps"


@pytest.fixture
def app(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the app that a test names."""
    monkeypatch.syspath_prepend(APPS)
    yield importlib.import_module(request.param)
    sys.modules.pop(request.param)


def quiet_client() -> AsyncClient:
    """A client of a scripted app in this process."""
    return AsyncClient(http_client=httpx.AsyncClient(transport=AsyncAppTransport(scripted_app)))


def named(name: str) -> pytest.MarkDecorator:
    """Asks for an app."""
    return pytest.mark.parametrize("app", [name], indirect=True)


@named("terminal_assistant")
def test_the_terminal_asks_before_a_file_is_written(
    app: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything but a yes is a no."""
    app.converse(Agent(model=ScriptedAgentModel(text="Hello!"), durable=False), ["hi", " "])
    assert capsys.readouterr().out == "Hello!\n"
    rules = ["ask: files.write"]
    agent = Agent(
        tools=[built_in("files.write", root=tmp_path)],
        model=ScriptedAgentModel(),
        durable=False,
        rules=rules,
    )
    arguments = {"path": Given(value="a.txt"), "text": Given(value="x")}
    plan = Plan(goal="write", steps=(Step(id="w", tool="files.write", arguments=arguments),))
    for word, status in (("", "refused"), ("y", "done")):
        run = agent.execute(plan, approve=app.person(lambda _, word=word: word))
        assert (run.status, (tmp_path / "a.txt").exists()) == (status, status == "done"), run.error
    assert "files.write(path='a.txt'" in capsys.readouterr().out
    assert set(app.assistant(tmp_path).tools) >= {"calculator", "clock.now", "files.write"}


@named("web_chat")
def test_the_web_app_streams_an_answer_and_refuses_what_is_too_long(app: Any) -> None:
    """What was said before goes along."""
    model = ScriptedModel("Good day to you.")

    async def ask(body: dict[str, Any]) -> httpx.Response:
        async with scripted_async_client(model) as client:
            transport = httpx.ASGITransport(app.create_app(client))
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as page:
                return await page.post("/chat", json=body)

    before = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    answer = asyncio.run(ask({"text": "And you?", "before": before}))
    assert (answer.status_code, answer.text) == (200, "Good day to you.")
    assert [message.role for message in model.requests[0].messages][-3:] == ["user", "assistant", "user"]
    assert asyncio.run(ask({"text": "x" * 9_000})).status_code == 422


@named("voice_assistant")
def test_a_spoken_question_is_answered_in_speech(app: Any, tmp_path: Path) -> None:
    """Only the text that is spoken may come from the recording."""
    spoken: dict[str, str] = {}

    @tool(name="audio.transcribe")
    def hear(audio: str) -> dict[str, str]:
        """Write down what is said."""
        return {"text": f"what is in {audio}?"}

    @tool(name="audio.say", effect="write")
    def speak(text: str, path: str) -> None:
        """Speak a text."""
        spoken[path] = text

    model = ScriptedAgentModel(text="Twelve.")
    agent = Agent(tools=[hear, speak], rules=app.RULES, model=model, durable=False)
    run = app.answered(agent, "q.wav", "a.wav")
    assert (run.status, spoken) == ("done", {"a.wav": "Twelve."}), run.error
    assert set(app.assistant(tmp_path).tools) == {"audio.transcribe", "audio.say"}


@named("document_desk")
def test_the_desk_names_its_sources_and_what_has_none(app: Any) -> None:
    """A number that was not found is no source."""

    @tool(name="knowledge.search")
    def search(question: str) -> list[dict[str, Any]]:
        """Search the documents."""
        del question
        text = "The notice period is three months."
        return [{"number": 1, "document": "lease.txt", "start": 0, "end": 34, "text": text, "score": 1.0}]

    said = "The notice is three months [1]. The rent is 900 [4]. It rains in Lisbon today."
    agent = app.desk(search, model=ScriptedAgentModel(text=said), client=quiet_client(), durable=False)
    run, lines = app.answered(agent, "How long is the notice?")
    assert run.output == said, run.error
    assert lines == ["[1] lease.txt", "[4] was not found", "no source: It rains in Lisbon today."]


@named("batch_moderation")
def test_every_row_comes_back_with_a_verdict(app: Any) -> None:
    """Also rows without text; other columns stay."""
    table = io.StringIO("id,text\n1,Good morning\n2,\n3,my card is 4111 1111 1111 1111\n")
    written = io.StringIO()
    with scripted_client(ScriptedModel()) as client:
        assert app.moderate(client, table, written) == 3
        rows = written.getvalue().splitlines()
        assert (rows[0], rows[1], rows[2]) == (
            "id,text,action,findings",
            "1,Good morning,allow,",
            "2,,allow,",
        )
        assert rows[3].split(",")[2] != "allow"
        with pytest.raises(ValueError, match="no column 'text'"):
            app.moderate(client, io.StringIO("a,b\n"), written)
