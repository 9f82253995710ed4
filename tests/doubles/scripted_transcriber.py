"""A transcriber that hears what the test says, at the pace of its script. It reads no sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from prudent.capabilities.interface.transcription import Heard, HearingOptions, LiveText, Recording
from prudent.capabilities.whisper.transcript import Segment, Word
from prudent.errors import PrudentError

SECONDS = 2.0
"""How long each text takes to say."""


def said(text: str, start: float) -> Segment:
    """A segment with its words, one after the other."""
    parts = [f" {part}" for part in text.split()]
    step = SECONDS / max(1, len(parts))
    words = tuple(Word(part, start + i * step, start + (i + 1) * step, 0.9) for i, part in enumerate(parts))
    return Segment(start, start + SECONDS, "".join(parts), (1, 2, 3), -0.2, 1.1, 0.01, 0.0, words)


class ScriptedTranscriber:
    """Hears one text a part. Remembers what it was asked."""

    def __init__(self, *texts: str, error: PrudentError | None = None, slow: float = 0.0) -> None:
        self.id = "scripted"
        self.options: list[HearingOptions] = []
        self.recordings: list[tuple[str, int]] = []
        self.bytes_heard = 0
        self.closed = 0
        self._texts = texts
        self._error = error
        self._slow = slow

    async def transcribe(self, recording: Recording, options: HearingOptions) -> AsyncGenerator[Heard, Any]:
        self.options.append(options)
        self.recordings.append((recording.name, len(recording.file.read())))
        if self._error is not None:
            raise self._error
        try:
            for index, text in enumerate(self._texts):
                await asyncio.sleep(self._slow)
                yield Heard((said(text, index * SECONDS),), "en", (index + 1) * SECONDS, None)
            end = len(self._texts) * SECONDS
            yield Heard((), "en" if self._texts else None, end, end)
        finally:
            self.closed += 1

    def listen(self, options: HearingOptions) -> ScriptedHearing:
        self.options.append(options)
        return ScriptedHearing(self, self._slow)

    @property
    def texts(self) -> tuple[str, ...]:
        return self._texts


class ScriptedHearing:
    """Each feed begins the next text, and the feed after it ends it."""

    def __init__(self, transcriber: ScriptedTranscriber, slow: float) -> None:
        self._transcriber = transcriber
        self._slow = slow
        self._next = 0

    async def feed(self, pcm: bytes) -> AsyncGenerator[LiveText, Any]:
        self._transcriber.bytes_heard += len(pcm)
        await asyncio.sleep(self._slow)
        for text in self._texts(1):
            yield text

    async def finish(self) -> AsyncGenerator[LiveText, Any]:
        for text in self._texts(len(self._transcriber.texts)):
            yield text

    def _texts(self, count: int) -> list[LiveText]:
        found: list[LiveText] = []
        for text in self._transcriber.texts[self._next : self._next + count]:
            start = self._next * SECONDS
            found.append(LiveText(self._next, text[: len(text) // 2], start, start + 1, False, "en"))
            found.append(LiveText(self._next, text, start, start + SECONDS, True, "en"))
            self._next += 1
        return found


class OneTranscriber:
    """Models, of which there is one."""

    def __init__(self, transcriber: ScriptedTranscriber) -> None:
        self._transcriber = transcriber

    @asynccontextmanager
    async def lease(self, capability: object, name: str | None = None) -> AsyncGenerator[ScriptedTranscriber]:
        yield self._transcriber

    async def warm(self, names: object) -> None:
        """Nothing to load."""

    async def list(self) -> list[object]:
        return []

    async def close(self) -> None:
        """Nothing to free."""
