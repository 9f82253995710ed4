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
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from prudent.client import AsyncClient, Client
from prudent.client.transports import AppTransport, AsyncAppTransport
from prudent.errors import ModelNotFoundError, PrudentError, ServiceUnavailableError
from prudent.types.chat import (
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
    TokenLogprob,
)
from prudent.types.models import Model
from prudent.types.usage import Usage

if TYPE_CHECKING:
    from fastapi import FastAPI

    from prudent.server.settings import Settings
    from prudent_responsible_ai.audit import AuditLog
    from prudent_responsible_ai.pipeline import Pipeline

Reply = str | PrudentError | Callable[[ChatCompletionRequest], str]
"""What a scripted model does with a request: say this, raise this, or say what the function returns."""

_TOKENS = re.compile(r"\s?\S+|\s")


class ScriptedModel:
    """A chat model that says what it is told to, one word a token.

    Replies are used in order, the last one again and again; choice i of one request has the same reply.
    `delay` is in seconds before each token. `requests` keeps what the model was asked, after the checks'
    redactions; `cancelled` counts choices that were stopped early, `running` those in progress.
    """

    def __init__(self, *replies: Reply, id: str = "scripted", delay: float = 0.0) -> None:
        self.id = id
        self.delay = delay
        self.requests: list[ChatCompletionRequest] = []
        self.cancelled = 0
        self.running = 0
        self.tokens = 0
        self._replies: list[Reply] = list(replies) or [""]

    def stream(self, request: ChatCompletionRequest) -> ScriptedStream:
        """Answer a request with the next reply."""
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return ScriptedStream(self, request, reply)


class ScriptedStream:
    """The chunks of one scripted answer, in the shape of a real model's."""

    def __init__(self, model: ScriptedModel, request: ChatCompletionRequest, reply: Reply) -> None:
        self._model = model
        self._request = request
        self._reply = reply
        self._cancelled: set[int] = set()
        self._head: dict[str, Any] = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": 0, "model": model.id}
        self._chunks = self._run()

    def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        return self

    async def __anext__(self) -> ChatCompletionChunk:
        return await anext(self._chunks)

    def cancel(self, choice: int) -> None:
        """Stop one choice."""
        self._cancelled.add(choice)

    def cancel_all(self) -> None:
        """Stop every choice."""
        self._cancelled.update(range(self._request.n))

    async def aclose(self) -> None:
        """Stop, and end."""
        self.cancel_all()
        await self._chunks.aclose()

    async def _run(self) -> AsyncGenerator[ChatCompletionChunk]:
        if isinstance(self._reply, PrudentError):
            raise self._reply
        text = self._reply if isinstance(self._reply, str) else self._reply(self._request)
        tokens = _TOKENS.findall(text)
        limit = self._request.token_limit
        finish = "length" if limit is not None and limit < len(tokens) else "stop"
        tokens = tokens[:limit]
        open_choices = list(range(self._request.n))
        self._model.running += len(open_choices)
        said = 0
        try:
            for choice in open_choices:
                yield self._chunk(choice, ChoiceDelta(role="assistant", content=""))
            for token in tokens:
                await asyncio.sleep(self._model.delay)
                open_choices = self._still_open(open_choices)
                if not open_choices:
                    break
                for choice in open_choices:
                    said += 1
                    self._model.tokens += 1
                    yield self._chunk(choice, ChoiceDelta(content=token), self._logprobs(token))
            for choice in self._still_open(open_choices):
                yield ChatCompletionChunk(
                    **self._head,
                    choices=[ChunkChoice(index=choice, delta=ChoiceDelta(), finish_reason=finish)],
                )
                self._model.running -= 1
                open_choices = [other for other in open_choices if other != choice]
        finally:
            self._model.running -= len(open_choices)
            self._model.cancelled += len(open_choices)
        prompt = sum(len(str(message.content).split()) for message in self._request.messages)
        usage = Usage(prompt_tokens=prompt, completion_tokens=said, total_tokens=prompt + said)
        yield ChatCompletionChunk(**self._head, choices=[], usage=usage)

    def _still_open(self, choices: list[int]) -> list[int]:
        stopped = [choice for choice in choices if choice in self._cancelled]
        self._model.running -= len(stopped)
        self._model.cancelled += len(stopped)
        return [choice for choice in choices if choice not in self._cancelled]

    def _logprobs(self, token: str) -> ChoiceLogprobs | None:
        if not self._request.logprobs:
            return None
        return ChoiceLogprobs(content=[TokenLogprob(token=token, logprob=-1.0, bytes=list(token.encode()))])

    def _chunk(
        self, choice: int, delta: ChoiceDelta, logprobs: ChoiceLogprobs | None = None
    ) -> ChatCompletionChunk:
        return ChatCompletionChunk(
            **self._head, choices=[ChunkChoice(index=choice, delta=delta, logprobs=logprobs)]
        )


class ScriptedModels:
    """Scripted models by name, where a server would have a pool of real ones.

    `loading`, where given, is awaited before the first use of any: a model that is slow to load.
    """

    def __init__(self, models: Iterable[ScriptedModel], *, loading: asyncio.Event | None = None) -> None:
        self._models = {model.id: model for model in models}
        self._loading = loading
        self.closed = False

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator[ScriptedModel]:
        """Hold a model for the length of the block."""
        if self.closed:
            raise ServiceUnavailableError("The server is shutting down.")
        model = self._get(name)
        if self._loading is not None:
            await self._loading.wait()
        yield model

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

    `pipeline` None means the checks of the settings' policy, and then no audit but the one that is given.
    """
    from prudent.server.app import create_app
    from prudent.server.settings import Settings
    from prudent_responsible_ai.assemble import build_pipeline
    from prudent_responsible_ai.policy import AuditSettings
    from prudent_responsible_ai.policy_file import load_policy

    models = models or (ScriptedModel(),)
    settings = (settings or Settings()).model_copy(update={"model": models[0].id})
    if pipeline is None:
        policy = load_policy(settings.policy)
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
