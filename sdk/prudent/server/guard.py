"""The one way from a route to a model: every request is checked on the way in and on the way out.

Input parts are reviewed, and redacted where the policy says so, before the model sees them. Generated text
passes the gate of its choice and goes on when the gate releases it. Each request leaves one audit record,
whatever became of it. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from prudent.capabilities.fold import fold
from prudent.capabilities.interface import ChatStream, Models
from prudent.capabilities.offload import offload
from prudent.errors import InternalError, PrudentError, ServiceUnavailableError
from prudent.server.inspection import Inspection
from prudent.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionRequest
from prudent.types.models import Model, ModelList
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline

logger = logging.getLogger("prudent.server")


class Guard:
    """Joins models and checks. One event loop."""

    def __init__(
        self, models: Models, pipeline: Pipeline, audit: AuditLog | None, *, default_model: str
    ) -> None:
        self._models = models
        self._pipeline = pipeline
        self._audit = audit
        self._default_model = default_model
        self._running: set[_Run] = set()
        self._stopping = False
        self._preload: asyncio.Task[None] | None = None

    def preload(self) -> None:
        """Begin to load the default model in the background."""
        self._preload = asyncio.create_task(self._load_default())

    async def _load_default(self) -> None:
        await offload(self._pipeline.warm_up)
        async with self._models.lease(self._default_model):
            logger.info("%s is ready", self._default_model)

    async def ready(self) -> None:
        """Wait until the default model answers.

        Raises:
            PrudentError: why it could not be loaded.
            asyncio.CancelledError: the server stopped first.
        """
        if self._preload is not None:
            await asyncio.shield(self._preload)

    def check_ready(self) -> None:
        """Return where the default model answers.

        Raises:
            ServiceUnavailableError: it is loading, or the server is stopping.
            PrudentError: why it could not be loaded.
        """
        if self._stopping:
            raise ServiceUnavailableError("The server is shutting down.")
        if self._preload is None:
            return
        if not self._preload.done():
            raise ServiceUnavailableError(
                f"{self._default_model} is still loading.", hint="Try again shortly."
            )
        if self._preload.cancelled():
            raise ServiceUnavailableError(f"{self._default_model} is not loaded.")
        if (error := self._preload.exception()) is not None:
            raise error if isinstance(error, PrudentError) else InternalError("Loading failed.") from error

    async def list_models(self) -> ModelList:
        """Every model that can be asked for."""
        return ModelList(data=await self._models.list())

    async def retrieve_model(self, name: str) -> Model:
        """One model. Raises ModelNotFoundError."""
        return await self._models.retrieve(name)

    async def complete(self, request: ChatCompletionRequest, *, request_id: str) -> ChatCompletion:
        """Answer a conversation at once; raises what `chat` raises."""
        async with aclosing(self.chat(request, request_id=request_id)) as chunks:
            return await fold(chunks)

    async def chat(
        self, request: ChatCompletionRequest, *, request_id: str
    ) -> AsyncGenerator[ChatCompletionChunk]:
        """Answer a conversation chunk by chunk; closing the generator cancels the generation.

        The first chunk has the verdicts on the prompt, the last of each choice those on its text, and the
        last of all choices the record in the audit. A chunk with the usage follows where the request does not
        stream or asks for it.

        Raises:
            ContentFilterError: a check refused the prompt.
            InvalidRequestError, ModelNotFoundError: the request does not suit the model, or there is none.
            ServiceUnavailableError: the server is shutting down.
        """
        if self._stopping:
            raise ServiceUnavailableError("The server is shutting down.", hint="Try again shortly.")
        run = _Run()
        self._running.add(run)
        name = request.model or self._default_model
        inspection = Inspection(self._pipeline, self._audit, request, model=name, request_id=request_id)
        outcome = "cancelled"
        try:
            checked = await inspection.review()
            async with self._models.lease(name) as model:
                inspection.model = model.id
                run.stream = model.stream(checked)
                async with aclosing(self._checked(run, run.stream, inspection)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            outcome = "completed"
        except PrudentError as error:
            outcome = error.code or error.type
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._running.discard(run)
            await inspection.close(outcome)

    async def _checked(
        self, run: _Run, stream: ChatStream, inspection: Inspection
    ) -> AsyncGenerator[ChatCompletionChunk]:
        """Pass chunks through the gates; hold the last one back until the audit has its record."""
        usage: ChatCompletionChunk | None = None
        last: ChatCompletionChunk | None = None
        async with aclosing(stream):
            async for chunk in stream:
                if chunk.usage is not None:
                    usage = chunk
                    continue
                passed = inspection.inspect(chunk, cancel=stream.cancel)
                if passed and inspection.finished:
                    last = passed.pop()
                for released in passed:
                    yield released
        if last is None:
            if run.aborted:
                raise ServiceUnavailableError("The server is shutting down.", hint="Try again shortly.")
            raise InternalError("The model's answer ended without saying why.")
        yield last.model_copy(update={"safety": await inspection.record("completed")})
        if usage is not None and inspection.wants_usage:
            yield usage

    async def drain(self, timeout: float) -> None:
        """Take no more requests; give the running ones `timeout` seconds, then end each with a last word."""
        self._stopping = True
        deadline = time.monotonic() + timeout
        while self._running and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        for run in tuple(self._running):
            run.abort()

    async def close(self) -> None:
        """Stop: end what runs, and free the models."""
        await self.drain(0)
        if self._preload is not None:
            self._preload.cancel()
            await asyncio.wait({self._preload})
        await self._models.close()


class _Run:
    """A request in progress."""

    def __init__(self) -> None:
        self.stream: ChatStream | None = None
        self.aborted = False

    def abort(self) -> None:
        """Have the model stop all choices; the guard then says why the answer is cut short."""
        self.aborted = True
        if self.stream is not None:
            self.stream.cancel_all()
