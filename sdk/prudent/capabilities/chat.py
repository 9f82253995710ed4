"""A loaded chat model: a request in, OpenAI's chunks out. It joins template, tokenizer and engine.

The engine's thread tells of each token; `call_soon_threadsafe` carries the news into the caller's event
loop. What waits there is bounded by the tokens that the answers may have. Knows no check and no HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import Any

from prudent.capabilities.logprobs import wire_logprobs
from prudent.capabilities.offload import offload
from prudent.capabilities.prompt import template_messages
from prudent.errors import (
    ContextLengthError,
    InternalError,
    InvalidRequestError,
    PrudentError,
    ServiceUnavailableError,
)
from prudent.generation.engine import Engine
from prudent.generation.handle import GenerationHandle
from prudent.generation.request import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Priority,
    SamplingParams,
)
from prudent.runtime.artifact import DecoderArtifact
from prudent.tokenizer import ChatTemplate, Tokenizer
from prudent.types.chat import (
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
    IncompleteDetails,
)
from prudent.types.chat import FinishReason as WireFinishReason
from prudent.types.usage import PromptTokensDetails, Usage

_FINISH: dict[FinishReason, WireFinishReason] = {FinishReason.STOP: "stop", FinishReason.LENGTH: "length"}


class ChatModel:
    """A model that answers conversations. It owns the engine; safe to use from one event loop at a time."""

    def __init__(
        self, artifact: DecoderArtifact, tokenizer: Tokenizer, template: ChatTemplate, engine: Engine
    ) -> None:
        self.id = artifact.card.id
        self.card = artifact.card
        self.context = engine.context
        self.tokenizer = tokenizer
        self.engine = engine
        self._template = template
        self.fingerprint = _fingerprint(artifact)
        """Changes with weights, precision and compiler, which is when a seed stops reproducing."""

    def stream(self, request: ChatCompletionRequest) -> ChatModelStream:
        """Answer a request; see `ChatStream` for what the chunks are."""
        return ChatModelStream(self, request)

    def prepare(self, request: ChatCompletionRequest) -> list[GenerationRequest]:
        """Render and tokenize the prompt, once for all choices. Choice i has seed + i.

        Raises:
            InvalidRequestError: the messages or the logit_bias do not suit this model.
        """
        rendered = self._template.render(template_messages(request.messages), add_generation_prompt=True)
        prompt = tuple(self.tokenizer.encode_prompt(rendered))
        bias = self._logit_bias(request)
        return [
            GenerationRequest(
                prompt=prompt,
                sampling=SamplingParams(
                    temperature=request.temperature,
                    top_p=request.top_p,
                    top_k=request.top_k,
                    min_p=request.min_p,
                    frequency_penalty=request.frequency_penalty,
                    presence_penalty=request.presence_penalty,
                    repetition_penalty=request.repetition_penalty,
                    seed=None if request.seed is None else _seed(request.seed, choice),
                    logit_bias=bias,
                    top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
                ),
                max_tokens=request.token_limit,
                stop_tokens=self.tokenizer.stop_ids,
                stop_strings=tuple(request.stop_strings),
                priority=Priority[request.priority.upper()],
                deadline=request.deadline,
                isolation=_isolation(request),
            )
            for choice in range(request.n)
        ]

    def _logit_bias(self, request: ChatCompletionRequest) -> dict[int, float]:
        limit = self.tokenizer.vocab_size
        bias: dict[int, float] = {}
        for token, value in (request.logit_bias or {}).items():
            # A token id of more digits than the vocabulary's size is out of it, whatever it is.
            if len(token) > len(str(limit)) or int(token) >= limit:
                raise InvalidRequestError(
                    f"logit_bias names token {token[:20]}; {self.id} has tokens 0 to {limit - 1}.",
                    param="logit_bias",
                )
            bias[int(token)] = value
        return bias

    def close(self) -> None:
        """Stop the engine and free the weights. Answers in progress end with ServiceUnavailableError."""
        self.engine.close()


class ChatModelStream:
    """The chunks of one request to a ChatModel. A `ChatStream`."""

    def __init__(self, model: ChatModel, request: ChatCompletionRequest) -> None:
        self._model = model
        self._request = request
        self._handles: list[GenerationHandle] = []
        self._cancelled: set[int] = set()
        self._events: asyncio.Queue[tuple[int, GenerationEvent]] = asyncio.Queue()
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model.id,
            "system_fingerprint": model.fingerprint,
        }
        self._chunks = self._run()

    def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        return self

    async def __anext__(self) -> ChatCompletionChunk:
        return await anext(self._chunks)

    def cancel(self, choice: int) -> None:
        """Stop one choice within a step."""
        self._cancelled.add(choice)
        if choice < len(self._handles):
            self._handles[choice].cancel()

    def cancel_all(self) -> None:
        """Stop every choice within a step."""
        for choice in range(self._request.n):
            self.cancel(choice)

    async def aclose(self) -> None:
        """Stop all choices within a step, and end."""
        self.cancel_all()
        await self._chunks.aclose()

    async def _run(self) -> AsyncGenerator[ChatCompletionChunk]:
        # Tokenizing a long prompt takes a while; other requests must not wait for it.
        requests = await offload(self._model.prepare, self._request)
        post = partial(_post, asyncio.get_running_loop(), self._events)
        endings: list[GenerationEvent] = []
        try:
            for choice, request in enumerate(requests):
                self._handles.append(self._submit(request, partial(post, choice)))
            for choice in range(len(requests)):
                yield self._chunk(choice, delta=ChoiceDelta(role="assistant", content=""))
            while len(endings) < len(requests):
                choice, event = await self._events.get()
                for chunk in self._chunks_of(choice, event):
                    yield chunk
                if event.finish is not None:
                    endings.append(event)
        finally:
            self.cancel_all()
        yield ChatCompletionChunk(**self._head, choices=[], usage=_usage(endings))

    def _submit(
        self, request: GenerationRequest, listener: Callable[[GenerationEvent], None]
    ) -> GenerationHandle:
        try:
            return self._model.engine.submit(request, listener)
        except ContextLengthError as error:
            if error.param == "prompt":  # the engine's name for what the API calls messages
                error.param = "messages"
            raise

    def _chunks_of(self, choice: int, event: GenerationEvent) -> list[ChatCompletionChunk]:
        if event.finish is FinishReason.ERROR:
            raise _failure(event.error)
        if event.finish is FinishReason.CANCELLED:
            if choice in self._cancelled:
                return []
            raise ServiceUnavailableError(f"{self._model.id} was closed before the answer was complete.")
        chunks: list[ChatCompletionChunk] = []
        logprobs = None
        if self._request.logprobs and event.logprobs:
            logprobs = wire_logprobs(event.logprobs, self._model.tokenizer)
        if event.text or logprobs is not None:
            chunks.append(self._chunk(choice, delta=ChoiceDelta(content=event.text), logprobs=logprobs))
        if event.finish is not None:
            limit = None if event.limit is None else IncompleteDetails(reason=event.limit.value)
            chunks.append(self._end_of(choice, _FINISH[event.finish], limit))
        return chunks

    def _end_of(
        self, choice: int, finish_reason: WireFinishReason, incomplete: IncompleteDetails | None
    ) -> ChatCompletionChunk:
        end = ChunkChoice(
            index=choice, delta=ChoiceDelta(), finish_reason=finish_reason, incomplete_details=incomplete
        )
        return ChatCompletionChunk(**self._head, choices=[end])

    def _chunk(
        self,
        choice: int,
        *,
        delta: ChoiceDelta,
        logprobs: ChoiceLogprobs | None = None,
    ) -> ChatCompletionChunk:
        news = ChunkChoice(index=choice, delta=delta, logprobs=logprobs)
        return ChatCompletionChunk(**self._head, choices=[news])


def _post(
    loop: asyncio.AbstractEventLoop,
    events: asyncio.Queue[tuple[int, GenerationEvent]],
    choice: int,
    event: GenerationEvent,
) -> None:
    """Carry news from the engine's thread into the loop; nobody hears it where the loop has ended."""
    try:
        loop.call_soon_threadsafe(events.put_nowait, (choice, event))
    except RuntimeError:
        return


def _usage(endings: list[GenerationEvent]) -> Usage:
    """Add up the last events of all choices; they share one prompt."""
    prompt_tokens = max(event.prompt_tokens for event in endings)
    completion_tokens = sum(event.completion_tokens for event in endings)
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=min(e.cached_tokens for e in endings)),
        queue_time=max(event.queue_seconds for event in endings),
        prompt_time=max(event.prefill_seconds for event in endings),
        completion_time=max(event.decode_seconds for event in endings),
    )


def _failure(error: BaseException | None) -> PrudentError:
    if isinstance(error, PrudentError):
        return error
    failure = InternalError("The engine failed on this request.")
    failure.__cause__ = error
    return failure


def _seed(seed: int, choice: int) -> int:
    """The seed of a choice, kept in 64 bits."""
    return (seed + choice + 2**63) % 2**64 - 2**63


def _isolation(request: ChatCompletionRequest) -> str:
    """Who may share cached keys and values with this request: the same user with the same cache key."""
    return json.dumps([request.user, request.prompt_cache_key])


def _fingerprint(artifact: DecoderArtifact) -> str:
    card = artifact.card
    parts = (*(source.sha256 for source in card.sources), card.target, card.compiler_version)
    return f"fp_{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"
