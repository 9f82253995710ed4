"""Doubles for tests of apps that use prudent: a model with a script, and a server around it.

The model is the only thing that is pretended. Client, server, checks, streaming, cancellation and errors
are the real ones, so that a test with a double meets what the app will meet.

    from prudent.testing import ScriptedModel, scripted_client

    def test_greets() -> None:
        with scripted_client(ScriptedModel("Hello!")) as client:
            answer = client.chat.completions.create(messages=[{"role": "user", "content": "Hi"}])
            assert answer.text == "Hello!"
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import httpx

from prudent.capabilities.interface import Capability, ModelT
from prudent.capabilities.interface.text import ScoredAnswer
from prudent.capabilities.model_stream import ModelStream
from prudent.client import AsyncClient, Client
from prudent.client.transports import AppTransport, AsyncAppTransport
from prudent.errors import InvalidRequestError, ModelNotFoundError, PrudentError, ServiceUnavailableError
from prudent.types.chat import (
    AssistantMessage,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatMessage,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
    TokenLogprob,
)
from prudent.types.completions import Completion, CompletionChoice, CompletionLogprobs, CompletionRequest
from prudent.types.content import TextPart
from prudent.types.models import Model
from prudent.types.tokenize import Detokenized, DetokenizeRequest, Tokenized, TokenizeRequest
from prudent.types.tools import FunctionCallDelta, ToolCall, ToolCallDelta
from prudent.types.usage import Usage

if TYPE_CHECKING:
    from fastapi import FastAPI

    from prudent.server.settings import Settings
    from prudent_responsible_ai.audit import AuditLog
    from prudent_responsible_ai.pipeline import Pipeline

Reply = str | AssistantMessage | PrudentError | Callable[[Any], str]
"""What a scripted model does with a request: say this (a message may have tool calls), raise this, or say
what the function returns."""

_TOKENS = re.compile(r"\s?\S+|\s")


class ScriptedModel:
    """A model that says what it is told to, one word a token.

    Replies are used in order, the last one again and again; choice i of one request has the same reply.
    `delay` is in seconds before each token. `requests` and `completions` keep what the model was asked, after
    the checks' redactions; `cancelled` counts choices that were stopped early, `running` those in progress.
    Token ids are those of characters.
    """

    def __init__(self, *replies: Reply, id: str = "scripted", delay: float = 0.0) -> None:
        self.id = id
        self.delay = delay
        self.requests: list[ChatCompletionRequest] = []
        self.completions: list[CompletionRequest] = []
        self.cancelled = 0
        self.running = 0
        self.tokens = 0
        self._replies: list[Reply] = list(replies) or [""]

    def stream(self, request: ChatCompletionRequest) -> ScriptedStream:
        """Answer a request with the next reply."""
        self.requests.append(request)
        return ScriptedStream(self, request, self._next_reply())

    def stream_completion(self, request: CompletionRequest) -> ScriptedCompletionStream:
        """Continue a prompt with the next reply."""
        self.completions.append(request)
        return ScriptedCompletionStream(self, request, self._next_reply())

    def _next_reply(self) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def head(self, kind: str) -> dict[str, Any]:
        """What every event of a new answer says; `kind` begins its id."""
        return {"id": f"{kind}-{uuid.uuid4().hex}", "created": 0, "model": self.id}

    async def score(self, request: ChatCompletionRequest, answer: str) -> ScoredAnswer:
        """A word of the answer that stands in the conversation is likely (-0.1 nats), any other not (-3)."""
        said = "\n".join(_words_of(message) for message in request.messages)
        words = answer.split()
        return ScoredAnswer(tuple(-0.1 if word in said else -3.0 for word in words), len(said.split()), 0)

    def decode(self, tokens: Sequence[int]) -> str:
        """The characters."""
        return "".join(map(chr, tokens))

    def tokenize(self, request: TokenizeRequest) -> Tokenized:
        """The characters of the text, or of all messages."""
        said = [str(message.content) for message in request.messages or ()]
        text = "".join(said) if request.prompt is None else request.prompt
        strings = list(text) if request.return_token_strs else None
        return Tokenized(count=len(text), max_model_len=4096, tokens=list(map(ord, text)), token_strs=strings)

    def detokenize(self, request: DetokenizeRequest) -> Detokenized:
        """The characters."""
        return Detokenized(prompt=self.decode(request.tokens))


def _words_of(message: ChatMessage) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text for part in message.content if isinstance(part, TextPart))


class ScriptedStream(ModelStream[ChatCompletionChunk]):
    """The chunks of one scripted answer, in the shape of a real model's."""

    def __init__(self, model: ScriptedModel, request: ChatCompletionRequest, reply: Reply) -> None:
        super().__init__(model.head("chatcmpl"), request.n)
        self._request = request
        self._script = _Script(model, request, reply, request.n, request.token_limit)

    def cancel(self, choice: int) -> None:
        """Stop one choice."""
        self._script.stopped.add(choice)

    async def _run(self) -> AsyncGenerator[ChatCompletionChunk]:
        async with aclosing(self._script.play()) as steps:
            async for choice, step in steps:
                yield ChatCompletionChunk(**self._head, choices=[self._choice(choice, step)])
        prompt = sum(len(str(message.content).split()) for message in self._request.messages)
        yield ChatCompletionChunk(**self._head, choices=[], usage=self._script.usage(prompt))

    def _choice(self, choice: int, step: _Step) -> ChunkChoice:
        if step.opening:
            return ChunkChoice(index=choice, delta=ChoiceDelta(role="assistant", content=""))
        if step.finish is not None:
            return ChunkChoice(index=choice, delta=ChoiceDelta(), finish_reason=step.finish)
        if step.call is not None:
            return ChunkChoice(index=choice, delta=ChoiceDelta(tool_calls=[step.call]))
        logprobs = None
        if self._request.logprobs:
            entry = TokenLogprob(token=step.text, logprob=-1.0, bytes=list(step.text.encode()))
            logprobs = ChoiceLogprobs(content=[entry])
        return ChunkChoice(index=choice, delta=ChoiceDelta(content=step.text), logprobs=logprobs)


class ScriptedCompletionStream(ModelStream[Completion]):
    """The events of one scripted completion, in the shape of a real model's."""

    def __init__(self, model: ScriptedModel, request: CompletionRequest, reply: Reply) -> None:
        choices = len(request.prompts) * request.n
        super().__init__(model.head("cmpl"), choices)
        self._request = request
        self._script = _Script(model, request, reply, choices, request.max_tokens)
        self._decode = model.decode
        self._at = [0] * choices

    def cancel(self, choice: int) -> None:
        """Stop one choice."""
        self._script.stopped.add(choice)

    async def _run(self) -> AsyncGenerator[Completion]:
        prompts = [one if isinstance(one, str) else self._decode(one) for one in self._request.prompts]
        async with aclosing(self._script.play()) as steps:
            async for choice, step in steps:
                if not step.opening:
                    yield Completion(**self._head, choices=[self._choice(choice, step)])
                elif self._request.echo:
                    echo = _Step(text=prompts[choice // self._request.n])
                    yield Completion(**self._head, choices=[self._choice(choice, echo)])
        count = sum(len(prompt.split()) for prompt in prompts)
        yield Completion(**self._head, choices=[], usage=self._script.usage(count))

    def _choice(self, choice: int, step: _Step) -> CompletionChoice:
        if step.finish is not None:
            finish = "length" if step.finish == "length" else "stop"
            return CompletionChoice(index=choice, text="", finish_reason=finish)
        logprobs = None
        if self._request.logprobs is not None:
            logprobs = CompletionLogprobs(
                tokens=[step.text],
                token_logprobs=[-1.0],
                top_logprobs=[{step.text: -1.0}],
                text_offset=[self._at[choice]],
            )
        self._at[choice] += len(step.text)
        return CompletionChoice(index=choice, text=step.text, logprobs=logprobs)


@dataclass(frozen=True)
class _Step:
    """What happens next in one choice."""

    text: str = ""
    call: ToolCallDelta | None = None
    opening: bool = False
    finish: Literal["stop", "length", "tool_calls"] | None = None


class _Script:
    """The steps of an answer, whatever the API that it is asked through."""

    def __init__(
        self, model: ScriptedModel, request: object, reply: Reply, choices: int, limit: int | None
    ) -> None:
        self.choices = choices
        self.stopped: set[int] = set()
        self._model = model
        self._request = request
        self._reply = reply
        self._limit = limit
        self._said = 0

    async def play(self) -> AsyncGenerator[tuple[int, _Step]]:
        steps, finish = self._steps()
        open_choices = list(range(self.choices))
        self._model.running += len(open_choices)
        try:
            for choice in open_choices:
                yield choice, _Step(opening=True)
            for step in steps:
                await asyncio.sleep(self._model.delay)
                open_choices = self._still_open(open_choices)
                if not open_choices:
                    break
                for choice in open_choices:
                    self._said += 1
                    self._model.tokens += 1
                    yield choice, step
            for choice in self._still_open(open_choices):
                yield choice, _Step(finish=finish)
                self._model.running -= 1
                open_choices = [other for other in open_choices if other != choice]
        finally:
            self._model.running -= len(open_choices)
            self._model.cancelled += len(open_choices)

    def usage(self, prompt: int) -> Usage:
        return Usage(prompt_tokens=prompt, completion_tokens=self._said, total_tokens=prompt + self._said)

    def _steps(self) -> tuple[list[_Step], Literal["stop", "length", "tool_calls"]]:
        reply = self._reply
        if isinstance(reply, PrudentError):
            raise reply
        calls: list[ToolCall] = []
        if isinstance(reply, AssistantMessage):
            text, calls = reply.content or "", reply.tool_calls or []
        else:
            text = reply if isinstance(reply, str) else reply(self._request)
        steps = [_Step(text=token) for token in _TOKENS.findall(text)]
        for index, call in enumerate(calls):
            named = FunctionCallDelta(name=call.function.name, arguments="")
            opening = ToolCallDelta(
                index=index, id=call.id, type="function", function=named, confidence=call.confidence
            )
            deltas = [
                FunctionCallDelta(arguments=token) for token in _TOKENS.findall(call.function.arguments)
            ]
            steps.append(_Step(call=opening))
            steps += [_Step(call=ToolCallDelta(index=index, function=delta)) for delta in deltas]
        if self._limit is not None and self._limit < len(steps):
            return steps[: self._limit], "length"
        return steps, "tool_calls" if calls else "stop"

    def _still_open(self, choices: list[int]) -> list[int]:
        stopped = [choice for choice in choices if choice in self.stopped]
        self._model.running -= len(stopped)
        self._model.cancelled += len(stopped)
        return [choice for choice in choices if choice not in self.stopped]


class ScriptedModels:
    """Scripted models by name, where a server would have a pool of real ones.

    `loading`, where given, is awaited before the first use of any: a model that is slow to load.
    """

    def __init__(self, models: Iterable[ScriptedModel], *, loading: asyncio.Event | None = None) -> None:
        self._models = {model.id: model for model in models}
        self._loading = loading
        self.closed = False

    @asynccontextmanager
    async def lease(self, capability: Capability[ModelT], name: str | None = None) -> AsyncGenerator[ModelT]:
        """Hold a model for the length of the block. A scripted model writes text and can nothing else."""
        if self.closed:
            raise ServiceUnavailableError("The server is shutting down.")
        model = self._get(capability.default if name is None else name)
        if capability.task != "chat":
            raise InvalidRequestError(f"{model.id} is a model for chat, not for {capability.task}.")
        if self._loading is not None:
            await self._loading.wait()
        yield cast("ModelT", model)

    async def warm(self, names: Collection[str]) -> None:
        """Nothing: they are there."""

    async def list(self) -> list[Model]:
        """Every model."""
        return [self._describe(model) for model in self._models.values()]

    async def retrieve(self, name: str) -> Model:
        """One model."""
        return self._describe(self._get(name))

    async def close(self) -> None:
        """Take no more requests."""
        self.closed = True

    def _get(self, name: str) -> ScriptedModel:
        if name not in self._models:
            raise ModelNotFoundError(f"There is no model {name!r}.", param="model")
        return self._models[name]

    def _describe(self, model: ScriptedModel) -> Model:
        return Model(id=model.id, created=0, owned_by="prudent", task="chat", state="loaded")


def scripted_app(
    *models: ScriptedModel,
    settings: Settings | None = None,
    pipeline: Pipeline | None = None,
    audit: AuditLog | None = None,
    loading: asyncio.Event | None = None,
) -> FastAPI:
    """The real server app over scripted models; the first is the default model.

    `pipeline` None means those checks of the settings' policy that need no model, and then no audit but the
    one that is given.
    """
    from prudent.server.app import create_app
    from prudent.server.settings import Settings
    from prudent_responsible_ai.assemble import build_pipeline, without_models
    from prudent_responsible_ai.policy import AuditSettings
    from prudent_responsible_ai.policy_file import load_policy

    models = models or (ScriptedModel(),)
    settings = (settings or Settings()).model_copy(update={"model": models[0].id})
    if pipeline is None:
        policy = without_models(load_policy(settings.policy))
        pipeline = build_pipeline(policy.model_copy(update={"audit": AuditSettings(enabled=False)}))
    return create_app(settings, pool=ScriptedModels(models, loading=loading), pipeline=pipeline, audit=audit)


@contextmanager
def scripted_client(*models: ScriptedModel) -> Generator[Client]:
    """A Client of a scripted app in this process."""
    with httpx.Client(transport=AppTransport(lambda: scripted_app(*models))) as http:
        yield Client(http_client=http)


@asynccontextmanager
async def scripted_async_client(*models: ScriptedModel) -> AsyncGenerator[AsyncClient]:
    """An AsyncClient of a scripted app in this process."""
    async with httpx.AsyncClient(transport=AsyncAppTransport(lambda: scripted_app(*models))) as http:
        yield AsyncClient(http_client=http)


class RunningServer:
    """An app on a loopback socket, for what must come over a real connection. Use as a context manager.

    `base_url` has no trailing slash and no /v1.
    """

    def __init__(self, app: FastAPI) -> None:
        from prudent.server.serving import DrainingServer

        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._server = DrainingServer(app)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while self._thread.is_alive() and not self._server.started:
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Begin to stop, as SIGTERM does; returns at once."""
        self._server.should_exit = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(30)
        self._socket.close()
