"""No route goes round the guard: each one, streamed or not, with one choice or several, is tried or excused.

A word that the policy blocks is put into every text that goes in, and into all that models say, see or hear.
No model may read it, no client may get it, and each request leaves one record that says it was blocked.
"""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from scripted_encoder import ScriptedEncoder
from scripted_encoder import ScriptedModels as ScriptedSafetyModels
from scripted_senses import ScriptedEyes, ScriptedSenses
from scripted_transcriber import ScriptedTranscriber
from word_check import WordCheck

from prudent.cli.agent_server import agent_app
from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import ContentFilterError
from prudent.server.app import ROUTES
from prudent.server.settings import Settings
from prudent.testing import RunningServer, ScriptedModel
from prudent.types.chat import AssistantMessage
from prudent.types.content import Source
from prudent.types.live_transcription import STREAM_AUDIO_PATH
from prudent.types.safety import Action
from prudent.types.tools import FunctionCall, ToolCall
from prudent_agents.recipes import Recipe
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import Policy, Rule

WORD = "zxqv"
BAD = f"It is said that {WORD} is near."
RECIPE = """\
prudent: recipe/1
name: desk
about: Reads a note.
parameters:
  note: {type: text, about: the note, trust: untrusted}
steps:
  task: {fill: {what: text up to 40}, from: $note}
output: {task: $task.what}
"""
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
CALL = AssistantMessage(
    content=None,
    tool_calls=[
        ToolCall(id="c", type="function", function=FunctionCall(name="look", arguments=f'{{"at": "{WORD}"}}'))
    ],
)

EXCUSED = {
    "POST /v1/tokenize": "nothing is generated: the caller's own text, as numbers",
    "POST /v1/detokenize": "nothing is generated: the caller's own numbers, as text",
    "GET /v1/classifiers": "names and cards, which were checked when they were made",
    "GET /v1/classifiers/{name}": "a card, which was checked when it was made",
    "DELETE /v1/classifiers/{name}": "no text",
    "POST /v1/vision/classify": "an image to labels of the model's own list",
    "POST /v1/vision/safety": "an image to a score; without text",
    "GET /v1/agents": "what the owner of the server offers",
    "GET /v1/agents/{agent}/runs/{run}": "a run as it stands: its models were asked through the chat route",
    "POST /v1/agents/{agent}/runs/{run}/resume": "goes on with a run, which asks through the chat route",
    "POST /v1/agents/{agent}/runs/{run}/cancel": "no text",
    "GET /v1/models": "the catalog",
    "GET /v1/models/{model}": "the catalog",
    "GET /healthz": "no text",
    "GET /readyz": "no text",
    "GET /openapi.json": "the description of the API",
}


class Watched(ScriptedSenses):
    """Senses and a speaker whose use is known."""

    def __init__(self, said: str | AssistantMessage) -> None:
        self.speaker = ScriptedModel(said)
        text = said if isinstance(said, str) else BAD
        super().__init__(ScriptedEyes(text), ScriptedTranscriber(text), speaker=self.speaker)
        self.leased: list[str] = []

    @asynccontextmanager
    async def lease(self, capability: Any, name: str | None = None) -> AsyncGenerator[Any]:
        self.leased.append(capability.task)
        async with super().lease(capability, name) as model:
            yield model


@dataclass
class World:
    """A server whose policy blocks one word in texts of every source."""

    app: FastAPI
    http: httpx.Client
    models: Watched
    audit: AuditLog


@dataclass(frozen=True)
class Try:
    """A request. `inward` has the word in it; else the model says, sees or hears it."""

    route: str
    what: str
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    inward: bool = True
    says: str | AssistantMessage = BAD
    form: bool = False

    @property
    def name(self) -> str:
        return f"{self.route} {self.what}"


def picture() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (12, 8), "teal").save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def chats() -> Iterator[Try]:
    user = {"role": "user", "content": "Hello."}
    image = {"type": "image_url", "image_url": {"url": picture()}}
    called = CALL.model_dump(exclude_none=True) | {"role": "assistant"}
    inward: dict[str, list[dict[str, Any]]] = {
        "a user's text": [{"role": "user", "content": BAD}],
        "a developer's text": [{"role": "system", "content": BAD}, user],
        "an earlier answer": [user, {"role": "assistant", "content": BAD}, user],
        "a document": [{"role": "user", "content": [{"type": "text", "text": BAD, "source": "document"}]}],
        "a tool's answer": [
            user,
            called
            | {"tool_calls": [called["tool_calls"][0] | {"function": {"name": "look", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": BAD},
        ],
        "the arguments of a call": [user, called, {"role": "tool", "tool_call_id": "c", "content": "."}],
        "an image": [{"role": "user", "content": [image]}],
    }
    for stream in (False, True):
        for n in (1, 3):
            more = {"stream": stream, "n": n}
            for what, messages in inward.items():
                yield Try("POST /v1/chat/completions", f"{what} {more}", {"messages": messages, **more})
            body = {"messages": [user], **more}
            yield Try("POST /v1/chat/completions", f"an answer {more}", body, inward=False)
            body |= {"tools": [TOOL]}
            yield Try("POST /v1/chat/completions", f"a call {more}", body, inward=False, says=CALL)
            for what, prompt in (("a prompt", BAD), ("prompts", ["fine", BAD]), ("ids", list(map(ord, BAD)))):
                yield Try("POST /v1/completions", f"{what} {more}", {"prompt": prompt, **more})
            yield Try("POST /v1/completions", f"a suffix {more}", {"prompt": "a", "suffix": BAD, **more})
            yield Try("POST /v1/completions", f"an answer {more}", {"prompt": "a", **more}, inward=False)


def others() -> Iterator[Try]:
    for kind in ("query", "passage"):
        yield Try("POST /v1/embeddings", kind, {"input": ["fine", BAD], "input_type": kind})
    for more in ({}, {"stream_format": "audio"}, {"stream_format": "sse"}):
        yield Try("POST /v1/audio/speech", str(more), {"input": BAD, **more})
    yield Try("POST /v1/classify", "texts", {"model": "mine", "input": ["fine", BAD]})
    examples = [{"text": "fine", "label": "a"}, {"text": BAD, "label": "b"}]
    yield Try("POST /v1/classifiers", "examples", {"name": "mine", "examples": examples})
    yield Try("POST /v1/safety/check", "a text", {"input": BAD})
    image = {"type": "image_url", "image_url": {"url": picture()}}
    yield Try("POST /v1/safety/check", "an image", {"input": [image]}, inward=False)
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    yield Try("POST /v1/safety/check", "a sound", {"input": [sound]}, inward=False)
    yield Try("POST /v1/moderations", "a text", {"input": BAD})
    yield Try("POST /v1/vision/read", "a page", {"image": picture()}, inward=False)
    yield Try("POST /v1/vision/read", "words", {"image": picture(), "words": True}, inward=False)
    yield Try("POST /v1/vision/analyze", "a page", {"image": picture(), "features": ["text"]}, inward=False)
    for kind in ("json", "text", "srt", "vtt", "verbose_json"):
        for task in ("transcriptions", "translations"):
            yield Try(f"POST /v1/audio/{task}", kind, {"response_format": kind}, inward=False, form=True)
    yield Try("POST /v1/audio/transcriptions", "stream", {"stream": "true"}, inward=False, form=True)
    for stream in (False, True):
        yield Try(
            "POST /v1/agents/{agent}/runs",
            f"an answer {stream}",
            {"stream": stream},
            inward=False,
            says=f'{{"what": "{BAD}"}}',
        )
        yield Try("POST /v1/agents/{agent}/runs", f"a note {stream}", {"stream": stream})


PERCEIVING = {"chat", "vision.read", "vision.classify"}
"""What is leased before a check can read: the vocabulary for token ids, and eyes for images."""

TRIES = [*chats(), *others()]


def _pipeline() -> Pipeline:
    rules = [Rule(check="storm", action=Action.BLOCK)]
    policy = Policy(name="everywhere", version="1", rules=dict.fromkeys(Source, rules))
    return Pipeline(policy, [Storm()])


class Storm(WordCheck):
    """Finds the word; its own name does not stand in verdicts."""

    def __init__(self) -> None:
        super().__init__(WORD)
        self.id = "storm"
        self.categories = ("storm",)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str | AssistantMessage], World]]:
    home = tmp_path_factory.mktemp("home")
    audit = AuditLog(home / "audit.db", key=b"k" * 32)
    opened: list[httpx.Client] = []

    def made(said: str | AssistantMessage) -> World:
        models = Watched(said)
        app = agent_app(
            [Recipe(RECIPE, "recipe.yaml")],
            Settings(model="scripted", preload=False),
            pool=models,
            pipeline=_pipeline(),
            audit=audit,
            safety=ScriptedSafetyModels(ScriptedEncoder({})),
        )
        http = httpx.Client(transport=AppTransport(lambda: app), base_url="http://localhost", timeout=30)
        opened.append(http)
        return World(app, http, models, audit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRUDENT_HOME", str(home))
        yield made
        for http in opened:
            http.close()
        audit.close()


@pytest.fixture(scope="module")
def worlds(build: Callable[[str | AssistantMessage], World]) -> Callable[[Try], World]:
    """One server for all requests whose models say the same."""
    known: dict[str, World] = {}

    def world(one: Try) -> World:
        key = repr(one.says)
        if key not in known:
            known[key] = build(one.says)
        found = known[key]
        found.models.leased.clear()
        found.models.speaker.requests.clear()
        found.models.speaker.completions.clear()
        return found

    return world


def sent(world: World, one: Try) -> bytes:
    """The request, and all bytes of its answer."""
    method, _, path = one.route.partition(" ")
    if one.form:
        files = {"file": ("a.wav", b"RIFF")}
        return world.http.request(method, path, data={"model": "scripted", **one.body}, files=files).content
    body = dict(one.body)
    if "{agent}" in path:
        path = path.replace("{agent}", "desk")
        body["parameters"] = {"note": BAD if one.inward else "Call Ann."}
    return world.http.request(method, path, json=body).content


@pytest.mark.parametrize("one", TRIES, ids=lambda one: one.name)
def test_what_is_blocked_reaches_nobody(one: Try, worlds: Callable[[Try], World]) -> None:
    world = worlds(one)
    before = len(list(world.audit.records()))
    answer = sent(world, one)
    fresh = list(world.audit.records())[before:]
    assert [record["body"]["action"] for record in fresh] == ["block"] * len(fresh)
    assert fresh, answer
    if one.inward:
        asked = (*world.models.speaker.requests, *world.models.speaker.completions)
        assert not asked
        assert "{agent}" in one.route or set(world.models.leased) <= PERCEIVING
    if not (one.inward and "{agent}" in one.route):  # a run says what it was given
        assert WORD.encode() not in answer
        assert len(fresh) == 1


def test_what_is_heard_live_is_blocked(build: Callable[[str | AssistantMessage], World]) -> None:
    world = build(BAD)
    heard: list[str] = []
    with (
        RunningServer(world.app) as server,
        Client(server.base_url) as client,
        pytest.raises(ContentFilterError),
    ):
        heard.extend(event.text for event in client.audio.stream([bytes(32_000)]))
    assert not any(WORD in text for text in heard)
    assert world.audit.latest(1)[0]["body"]["action"] == "block"


def test_every_route_is_tried_or_excused(build: Callable[[str | AssistantMessage], World]) -> None:
    app = agent_app([], Settings(preload=False), pool=Watched(""), pipeline=_pipeline(), audit=None)
    own = [route for route in app.routes if not hasattr(route, "original_router")]
    known = [module.router for module in ROUTES]
    assert all(one in own or one.original_router in known for one in app.routes)
    routes = {
        f"{method} {route.path}"
        for route in (*own, *(route for module in ROUTES for route in module.router.routes))
        for method in (getattr(route, "methods", None) or {"WEBSOCKET"}) - {"HEAD"}
    }
    tried = {one.route for one in TRIES} | {f"WEBSOCKET {STREAM_AUDIO_PATH}"}
    assert not tried & set(EXCUSED)
    assert routes == tried | set(EXCUSED)
