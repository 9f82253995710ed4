"""The one way from a route to a model: every request is checked on the way in and on the way out.

Input parts are reviewed, and redacted where the policy says so, before the model sees them. Generated text
passes the gate of its choice and goes on when the gate releases it. Each request leaves one audit record,
whatever became of it. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from typing import Any

from prudent.capabilities.fold import fold
from prudent.capabilities.fold_completion import fold_completion
from prudent.capabilities.interface import TEXT, Models
from prudent.capabilities.offload import offload
from prudent.errors import InternalError, PrudentError, ServiceUnavailableError
from prudent.server.answering import Answering, shutting_down
from prudent.server.attended import Attended, Performed, ResultT, Streamed
from prudent.server.attending import Attending
from prudent.server.explaining import explained, with_scores
from prudent.server.image_source import ImageSource
from prudent.server.inspected import ChunkT, EntryT, Inspected, RequestT
from prudent.server.inspected_chat import InspectedChat
from prudent.server.inspected_completion import Entry, InspectedCompletion
from prudent.server.inspection import Asked, Inspection
from prudent.server.moderating import Moderating, flagged_from
from prudent.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionRequest, TokenLogprob
from prudent.types.completions import Completion, CompletionRequest
from prudent.types.content import Source
from prudent.types.models import Model, ModelList
from prudent.types.moderations import ModerationRequest, Moderations
from prudent.types.tokenize import Detokenized, DetokenizeRequest, Tokenized, TokenizeRequest
from prudent_responsible_ai.approvals import Approvals, approvals_file
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import SafetyModels

logger = logging.getLogger("prudent.server")

_IMAGE_CHECK = "image"
"""The check of what images show: models are asked only where a policy names it."""


class Guard:
    """Joins models and checks. One event loop."""

    def __init__(
        self,
        models: Models,
        pipeline: Pipeline,
        audit: AuditLog | None,
        *,
        default_model: str,
        pinned: Collection[str] = (),
        images: ImageSource | None = None,
        safety: SafetyModels | None = None,
        approvals: Approvals | None = None,
    ) -> None:
        """`safety` has the models of the checks, for what is asked of them directly.

        `approvals` None are those in prudent's home.
        """
        self._models = models
        self._pipeline = pipeline
        self._audit = audit
        self._default_model = default_model
        self._pinned = tuple(pinned)
        self._images = images
        self._safety = safety or shared_models()
        self._approvals = approvals or Approvals(approvals_file())
        self._running: set[Answering[Any, Any, Any] | Attending[Any]] = set()
        self._stopping = False
        self._preload: asyncio.Task[None] | None = None

    def preload(self) -> None:
        """Begin to load the default model in the background, and then those that are pinned."""
        self._preload = asyncio.create_task(self._load_default())

    async def _load_default(self) -> None:
        async with self._models.lease(TEXT, self._default_model):
            await offload(self._pipeline.warm_up)
            logger.info("%s is ready", self._default_model)
        await self._models.warm(self._pinned)

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

    async def chat(self, request: ChatCompletionRequest, asked: Asked) -> ChatCompletion:
        """Answer a conversation at once, explained where asked; raises what `stream_chat` raises."""
        answering = self.stream_chat(with_scores(request), asked)
        async with aclosing(answering) as chunks:
            completion = await fold(chunks)
        if request.explain is None or answering.checked is None:
            return completion
        async with self._models.lease(TEXT, request.model or self._default_model) as model:
            return await explained(completion, request, answering.checked, model)

    def stream_chat(
        self, request: ChatCompletionRequest, asked: Asked
    ) -> Answering[ChatCompletionRequest, ChatCompletionChunk, TokenLogprob]:
        """Answer a conversation chunk by chunk; see `Answering`."""
        return self._answer(InspectedChat(request, self._images, assess=self.looks_at_images), asked)

    @property
    def looks_at_images(self) -> bool:
        """Whether the policy has rules about what images show."""
        return self._pipeline.runs(_IMAGE_CHECK, Source.IMAGE)

    async def completion(self, request: CompletionRequest, asked: Asked) -> Completion:
        """Continue a prompt at once; raises what `stream_completion` raises."""
        async with aclosing(self.stream_completion(request, asked)) as events:
            return await fold_completion(events)

    def stream_completion(
        self, request: CompletionRequest, asked: Asked
    ) -> Answering[CompletionRequest, Completion, Entry]:
        """Continue a prompt event by event; see `Answering`."""
        return self._answer(InspectedCompletion(request), asked)

    def _answer(
        self, inspected: Inspected[RequestT, ChunkT, EntryT], asked: Asked
    ) -> Answering[RequestT, ChunkT, EntryT]:
        name = inspected.request.model or self._default_model
        inspection = Inspection(
            self._pipeline, self._audit, inspected, model=name, asked=asked, approvals=self._approvals
        )
        return Answering(self._models, name, inspection, self._admit)

    async def attend(self, call: Performed[ResultT], asked: Asked) -> ResultT:
        """Do what is done in one go; raises what `Attending.whole` raises."""
        return await self._attending(call, asked).whole(call)

    async def moderate(self, request: ModerationRequest, asked: Asked) -> Moderations:
        """Say which categories of harm inputs fall into; raises what `attend` raises."""
        images = self._images or ImageSource()
        return await self.attend(Moderating(request, images, self._safety.encoder, flagged_from), asked)

    def attend_stream(self, call: Streamed[ResultT], asked: Asked) -> AsyncGenerator[ResultT, Any]:
        """Do it event by event; raises what `Attending.events` raises."""
        return self._attending(call, asked).events(call)

    def _attending(self, call: Attended[ResultT], asked: Asked) -> Attending[ResultT]:
        return Attending(self._models, self._pipeline, self._audit, call, asked, self._admit, self._approvals)

    def _admit(self, answering: Answering[Any, Any, Any] | Attending[Any]) -> Callable[[], None]:
        """Let an answer begin; call what is returned at its end.

        Raises:
            ServiceUnavailableError: the server is shutting down.
        """
        if self._stopping:
            raise shutting_down()
        self._running.add(answering)
        return lambda: self._running.discard(answering)

    async def tokenize(self, request: TokenizeRequest) -> Tokenized:
        """The tokens of a text or a conversation. Nothing is generated, so nothing is checked."""
        async with self._models.lease(TEXT, request.model or self._default_model) as model:
            return await offload(model.tokenize, request)

    async def detokenize(self, request: DetokenizeRequest) -> Detokenized:
        """The text of token ids."""
        async with self._models.lease(TEXT, request.model or self._default_model) as model:
            return await offload(model.detokenize, request)

    async def drain(self, timeout: float) -> None:
        """Take no more requests; give the running ones `timeout` seconds, then end each with a last word."""
        self._stopping = True
        deadline = time.monotonic() + timeout
        while self._running and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        for answering in tuple(self._running):
            answering.abort()

    async def close(self) -> None:
        """Stop: end what runs, and free the models."""
        await self.drain(0)
        if self._preload is not None:
            self._preload.cancel()
            await asyncio.wait({self._preload})
        await self._models.close()
        if self._audit is not None:
            await offload(self._audit.close)
