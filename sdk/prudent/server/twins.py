"""Has a request that asks for a decision about somebody answered about somebody else too, and compares.

Both answers are made at once; the twin's goes to nobody. Knows no kind of request and no HTTP.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Generic

from prudent.capabilities.interface import AnswerStream, TextService
from prudent.errors import PrudentError
from prudent.server.answer import Said
from prudent.server.inspected import ChunkT, EntryT, Inspected, RequestT
from prudent.types.safety import CheckState
from prudent_responsible_ai.bias_probe.calls import Answered
from prudent_responsible_ai.bias_probe.conversation import TwinConversation
from prudent_responsible_ai.checks.twin import TwinCheck, difference
from prudent_responsible_ai.gate import OutputGate
from prudent_responsible_ai.running import Outcome
from prudent_responsible_ai.shortened import cut

LONGEST_SHOWN = 600
"""Characters of an answer that a verdict shows."""


class TwinAnswers(Generic[RequestT, ChunkT, EntryT]):
    """The answers to a twin, one for each choice. `holds` says that a difference may block the answer.

    Where they differ, the verdict shows the twin's as far as a gate, as `open_gate` makes them, lets it out.
    """

    def __init__(
        self,
        twin: TwinConversation,
        inspected: Inspected[RequestT, ChunkT, EntryT],
        request: RequestT,
        *,
        holds: bool,
        open_gate: Callable[[], OutputGate],
    ) -> None:
        """`request` is the twin as the model may read it."""
        self.holds = holds
        self._open_gate = open_gate
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

    def outcome(self, choice: int, said: Answered, released: Answered) -> Outcome:
        """What comes of comparing a choice, which said and called this, with that of the twin.

        `released` is what went out of it.
        """
        check = TwinCheck()
        if self._failed:
            return Outcome(check, (), CheckState.ERROR, self._milliseconds)
        sampled = self._inspected.request.temperature != 0
        other = self._said[choice].whole
        finding = difference(self._twin, said, other, sampled=sampled)
        if finding.pair is not None:
            texts = {
                "answer": cut(_written(released), LONGEST_SHOWN),
                "other_answer": self._let_out(_written(other)),
            }
            finding = replace(finding, pair=finding.pair.model_copy(update=texts))
        return Outcome(check, (finding,), CheckState.CHECKED, self._milliseconds)

    def _let_out(self, text: str) -> str | None:
        """What the policy would let out of a text, had it been the answer; None where it blocks it."""
        gate = self._open_gate()
        released = gate.feed(text).text + gate.finish().text
        return None if gate.blocked else cut(released, LONGEST_SHOWN)


def _written(answer: Answered) -> str:
    """All of an answer in one text."""
    return "\n".join(
        [*filter(None, [answer.text]), *(f"{one.name}({one.arguments})" for one in answer.calls)]
    )
