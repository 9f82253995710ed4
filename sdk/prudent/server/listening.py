"""Sound that is transcribed as it comes, as the guard and the checks see it. Knows no socket.

Every text passes the checks before anybody sees it, those that may still change too. A text is checked with
the end of the last final one before it, so that a finding that began there is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.transcription import TRANSCRIPTION, HearingOptions, LiveHearing, LiveText
from prudent.errors import InvalidRequestError, RequestTooLargeError
from prudent.server.attended import Streamed
from prudent.types.content import Source
from prudent.types.live_transcription import BYTES_A_SAMPLE, SAMPLE_RATE, STREAM_AUDIO_PATH, LiveRequest
from prudent.types.safety import ContentFilterResults, PromptFilterResult, SafetyInfo
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.verdict import merged

BEFORE = 100
"""Characters of the final text before that are checked with a text."""

QUEUED_SECONDS = 10.0
"""Sound that may wait for the model; whoever sends more has to wait."""


class Microphone:
    """Sound on its way from a socket to the model: bounded, so that a fast sender is slowed down."""

    def __init__(self, *, longest: float, patience: float) -> None:
        """`longest` is how much sound (s) is accepted, `patience` how long (s) the sender may say nothing."""
        self.seconds = 0.0
        self._longest = longest
        self._patience = patience
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._ended = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, pcm: bytes) -> None:
        """Take sound; return when there is room for more."""
        if not pcm:
            return
        self._waiting.append(pcm)
        self._bytes += len(pcm)
        self.seconds += len(pcm) / BYTES_A_SAMPLE / SAMPLE_RATE
        self._news.set()
        if self._bytes >= QUEUED_SECONDS * SAMPLE_RATE * BYTES_A_SAMPLE:
            self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        """No more sound comes."""
        self._ended = True
        self._news.set()

    async def take(self) -> bytes | None:
        """All the sound that waits, as soon as there is some; None at the end.

        Raises:
            InvalidRequestError: nothing came for too long.
            RequestTooLargeError: there was too much of it.
        """
        if not self._waiting and not self._ended:
            self._news.clear()
            try:
                async with asyncio.timeout(self._patience):
                    await self._news.wait()
            except TimeoutError:
                raise InvalidRequestError(
                    f"No sound came for {self._patience:g} seconds.",
                    hint='Send silence while nobody speaks, and {"type": "end"} at the end.',
                ) from None
        if self.seconds > self._longest:
            raise RequestTooLargeError(
                f"A stream may hold {self._longest / 60:g} minutes of sound.",
                hint="Open another one, or raise the server's setting max_audio_seconds.",
            )
        if not self._waiting:
            return None
        pcm, self._waiting, self._bytes = b"".join(self._waiting), [], 0
        self._room.set()
        return pcm


@dataclass(frozen=True, slots=True)
class Listened:
    """A text that was heard, after the checks; without one, the end of the stream."""

    heard: LiveText | None
    verdicts: ContentFilterResults | None = None
    safety: SafetyInfo | None = None


class Listen(Streamed[Listened]):
    """Sound with its texts. One use."""

    route = STREAM_AUDIO_PATH

    def __init__(self, request: LiveRequest, microphone: Microphone) -> None:
        self.model = request.model or TRANSCRIPTION.default
        self.user = request.user
        self._partials = request.partials
        self._microphone = microphone
        self._options = HearingOptions(
            language=request.language, translate=request.translate, prompt=request.prompt or ""
        )
        self._before = ""

    def inputs(self) -> Sequence[Part]:
        """The prompt."""
        return [Part(self._options.prompt, Source.USER)] if self._options.prompt else []

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with another prompt."""
        other = copy(self)
        other._options = replace(self._options, prompt="".join(texts))
        return other

    def param_of(self, result: PromptFilterResult) -> str | None:
        """There is one input."""
        del result
        return "prompt"

    def passing(self, result: Listened) -> bool:
        """Texts that may still change."""
        return result.heard is not None and not result.heard.final

    async def stream(self, models: Models) -> AsyncGenerator[Listened, Any]:
        """Texts as they are heard."""
        async with AsyncExitStack() as held:
            model = await held.enter_async_context(models.lease(TRANSCRIPTION, self.model))
            texts = await held.enter_async_context(aclosing(self._texts(model.listen(self._options))))
            async for text in texts:
                if text.final or self._partials:
                    yield Listened(text)

    async def _texts(self, hearing: LiveHearing) -> AsyncGenerator[LiveText, Any]:
        while (pcm := await self._microphone.take()) is not None:
            async with aclosing(hearing.feed(pcm)) as texts:
                async for text in texts:
                    yield text
        async with aclosing(hearing.finish()) as texts:
            async for text in texts:
                yield text

    def outputs(self, result: Listened) -> Sequence[Part]:
        """The text, after the end of the one before."""
        return [] if result.heard is None else [Part(self._before + result.heard.text, Source.AUDIO)]

    def with_outputs(
        self, result: Listened, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> Listened:
        """The text after the checks; what was found in the one before, too late, is not repeated."""
        if result.heard is None:
            return result
        before, checked = self._before, texts[0]
        if checked.startswith(before):
            text = checked[len(before) :]
        else:  # what was found began before this text: all that is new is left of it
            common = next(at for at in range(len(before)) if not checked.startswith(before[: at + 1]))
            text = checked[common:]
        if result.heard.final:
            self._before = f"{(before + result.heard.text)[-BEFORE:]} "
        found = merged(verdict.content_filter_results for verdict in verdicts)
        told = result.heard.final or any(verdict.detected for verdict in found.values())
        return Listened(replace(result.heard, text=text), found if told else None)

    def closing(self, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]) -> Listened:
        """The end, with what stood guard."""
        del prompt
        return Listened(None, safety=safety)
