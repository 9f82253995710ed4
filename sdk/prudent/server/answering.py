"""One request while it is answered: the model's events through the inspection, and one record at the end.

Knows no kind of request and no HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Generic

from prudent.capabilities.interface import TEXT, AnswerStream, Models
from prudent.errors import InternalError, PrudentError, ServiceUnavailableError
from prudent.server.inspected import ChunkT, EntryT, RequestT
from prudent.server.inspection import Inspection
from prudent.types.usage import Usage


class Answering(Generic[RequestT, ChunkT, EntryT]):
    """The events of one request that may go out; closing it cancels the generation.

    The first event has the verdicts on the prompt, the last of each choice those on its text, and the last of
    all choices the record in the audit. An event with the usage follows where the request does not stream or
    asks for it.

    Iterating raises:
        ContentFilterError: a check refused the prompt.
        InvalidRequestError, ModelNotFoundError: the request does not suit the model, or there is none.
        ServiceUnavailableError: the server is shutting down.
    """

    def __init__(
        self,
        models: Models,
        name: str,
        inspection: Inspection[RequestT, ChunkT, EntryT],
        admit: Callable[[Answering[RequestT, ChunkT, EntryT]], Callable[[], None]],
    ) -> None:
        """`admit` is asked when the first event is; what it returns is called at the end."""
        self._models = models
        self._name = name
        self._inspection = inspection
        self._admit = admit
        self._stream: AnswerStream[ChunkT] | None = None
        self._aborted = False
        self.checked: RequestT | None = None
        """The request as the model reads it, once it has passed the checks."""
        self._events = self._run()

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        return self

    async def __anext__(self) -> ChunkT:
        return await anext(self._events)

    async def aclose(self) -> None:
        """Stop the generation, write the record, and end."""
        await self._events.aclose()

    def abort(self) -> None:
        """Have the model stop all choices; the reader is then told why the answer is cut short."""
        self._aborted = True
        if self._stream is not None:
            self._stream.cancel_all()

    @property
    def started(self) -> Usage:
        """What is known at the first event of times and tokens."""
        known = None if self._stream is None else self._stream.started
        return self._with_check_time(known or Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0))

    async def _run(self) -> AsyncGenerator[ChunkT]:
        ended = self._admit(self)
        outcome = "cancelled"
        inspection = self._inspection
        try:
            async with AsyncExitStack() as held:
                await inspection.inspected.prepare(self._models)
                if inspection.inspected.needs_model:
                    model = await held.enter_async_context(self._models.lease(TEXT, self._name))
                    checked = await inspection.review(model)
                else:
                    checked = await inspection.review()
                    model = await held.enter_async_context(self._models.lease(TEXT, self._name))
                inspection.model = model.id
                self.checked = checked
                self._stream = inspection.inspected.open(model, checked)
                await held.enter_async_context(inspection.beside(model))
                async with aclosing(self._checked(self._stream)) as events:
                    async for event in events:
                        yield event
            outcome = "completed"
        except PrudentError as error:
            outcome = error.code or error.type
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            ended()
            await inspection.close(outcome)

    async def _checked(self, stream: AnswerStream[ChunkT]) -> AsyncGenerator[ChunkT]:
        """Pass events through the gates; hold the last one back until the audit has its record."""
        usage: ChunkT | None = None
        last: ChunkT | None = None
        async with aclosing(stream):
            async for event in stream:
                if event.usage is not None:
                    usage = event.model_copy(update={"usage": self._with_check_time(event.usage)})
                    continue
                passed = await self._inspection.inspect(event, cancel=stream.cancel)
                if passed and self._inspection.finished:
                    last = passed.pop()
                for released in passed:
                    yield released
        if last is None:
            if self._aborted:
                raise shutting_down()
            raise InternalError("The model's answer ended without saying why.")
        yield last.model_copy(update={"safety": await self._inspection.record("completed")})
        if usage is not None and self._inspection.inspected.request.wants_usage:
            yield usage

    def _with_check_time(self, usage: Usage) -> Usage:
        return usage.model_copy(update={"check_time": round(self._inspection.seconds, 6)})


def shutting_down() -> ServiceUnavailableError:
    """The error of a request that comes too late, or is cut short."""
    return ServiceUnavailableError("The server is shutting down.", hint="Try again shortly.")
