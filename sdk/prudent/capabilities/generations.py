"""The sequences of one request in the engine: their news in the caller's event loop, in the order it came.

The engine's thread tells of each token; `call_soon_threadsafe` carries the news into the loop. What waits
there is bounded by the tokens that the answers may have. Knows no API and no text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from prudent.errors import InternalError, PrudentError, ServiceUnavailableError
from prudent.generation.engine import Engine
from prudent.generation.handle import GenerationHandle
from prudent.generation.request import FinishReason, GenerationEvent, GenerationRequest
from prudent.types.usage import PromptTokensDetails, Usage


class Generations:
    """Sequences that run side by side; choice i is the i-th request. One event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handles: list[GenerationHandle] = []
        self._cancelled: set[int] = set()
        self._events: asyncio.Queue[tuple[int, GenerationEvent]] = asyncio.Queue()
        self.endings: dict[int, GenerationEvent] = {}
        """The last event of each choice that has ended."""

    async def run(self, requests: Sequence[GenerationRequest]) -> AsyncGenerator[tuple[int, GenerationEvent]]:
        """Submit the requests and yield (choice, event) until all have ended; closing it cancels them.

        The end of a choice that the caller cancelled is in `endings` only.

        Raises:
            ContextLengthError, RateLimitError, ServiceUnavailableError: a request cannot be taken.
            PrudentError: why a sequence failed.
        """
        post = partial(_post, asyncio.get_running_loop(), self._events)
        try:
            for choice, request in enumerate(requests):
                self._handles.append(self._engine.submit(request, partial(post, choice)))
                if choice in self._cancelled:
                    self._handles[choice].cancel()
            while len(self.endings) < len(requests):
                choice, event = await self._events.get()
                if event.finish is FinishReason.ERROR:
                    raise _failure(event.error)
                if event.finish is not None:
                    self.endings[choice] = event
                if event.finish is not FinishReason.CANCELLED:
                    yield choice, event
                elif choice not in self._cancelled:
                    raise ServiceUnavailableError("The model was closed before the answer was complete.")
        finally:
            for handle in self._handles:
                handle.cancel()

    def cancel(self, choice: int) -> None:
        """Stop one choice within a step; it may not have been submitted yet."""
        self._cancelled.add(choice)
        if choice < len(self._handles):
            self._handles[choice].cancel()


def usage_of(events: Sequence[GenerationEvent], *, n: int) -> Usage:
    """Add up events, one of each choice; every `n` choices share a prompt, which counts once."""
    prompts = [events[first : first + n] for first in range(0, len(events), n)]
    prompt_tokens = sum(max(event.prompt_tokens for event in choices) for choices in prompts)
    completion_tokens = sum(event.completion_tokens for event in events)
    cached_tokens = sum(min(event.cached_tokens for event in choices) for choices in prompts)
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=cached_tokens),
        queue_time=max(event.queue_seconds for event in events),
        prompt_time=max(event.prefill_seconds for event in events),
        completion_time=max(event.decode_seconds for event in events),
    )


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


def _failure(error: BaseException | None) -> PrudentError:
    if isinstance(error, PrudentError):
        return error
    failure = InternalError("The engine failed on this request.")
    failure.__cause__ = error
    return failure
