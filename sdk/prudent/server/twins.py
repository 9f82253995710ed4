"""Has a request that asks for a decision about somebody answered about somebody else too, and compares.

Both answers are made at once; the twin's goes to nobody. Knows no kind of request and no HTTP.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import aclosing, suppress
from typing import Generic

from prudent.capabilities.interface import AnswerStream, TextService
from prudent.errors import PrudentError
from prudent.server.answer import Said
from prudent.server.inspected import ChunkT, EntryT, Inspected, RequestT
from prudent.types.safety import CheckState
from prudent_responsible_ai.bias_probe.calls import Answered
from prudent_responsible_ai.bias_probe.conversation import TwinConversation
from prudent_responsible_ai.checks.twin import TwinCheck, difference
from prudent_responsible_ai.running import Outcome


class TwinAnswers(Generic[RequestT, ChunkT, EntryT]):
    """The answers to a twin, one for each choice. `holds` says that a difference may block the answer."""

    def __init__(
        self,
        twin: TwinConversation,
        inspected: Inspected[RequestT, ChunkT, EntryT],
        request: RequestT,
        *,
        holds: bool,
    ) -> None:
        """`request` is the twin as the model may read it."""
        self.holds = holds
        self._twin = twin
        self._inspected = inspected.again(request)
        self._said: defaultdict[int, Said] = defaultdict(Said)
        self._asking: asyncio.Task[None] | None = None
        self._failed = False
        self._began = time.perf_counter()
        self._milliseconds = 0.0

    def ask(self, model: TextService) -> None:
        """Begin to ask, beside the answer itself."""
        self._asking = asyncio.create_task(self._listen(self._inspected.open(model, self._inspected.request)))

    async def _listen(self, stream: AnswerStream[ChunkT]) -> None:
        try:
            async with aclosing(stream):
                async for chunk in stream:
                    for news in self._inspected.read(chunk):
                        self._said[news.index].add(news)
        except PrudentError:
            self._failed = True
        self._milliseconds = (time.perf_counter() - self._began) * 1000

    async def heard(self) -> None:
        """Wait until all is said."""
        if self._asking is not None:
            await asyncio.shield(self._asking)

    async def stop(self) -> None:
        """Ask no further."""
        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    def outcome(self, choice: int, said: Answered) -> Outcome:
        """What comes of comparing a choice, which said and called this, with that of the twin."""
        check = TwinCheck()
        if self._failed:
            return Outcome(check, (), CheckState.ERROR, self._milliseconds)
        sampled = self._inspected.request.temperature > 0
        finding = difference(self._twin, said, self._said[choice].whole, sampled=sampled)
        return Outcome(check, (finding,), CheckState.CHECKED, self._milliseconds)
