"""Sound as it is made to text: utterances end where a pause does, and are shown before they end.

While somebody speaks, the utterance so far is transcribed again and again, as often as the machine can; when
a pause follows, once more and for good. Knows no socket and no request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.audio.islands import Island, IslandFinder, IslandOptions
from prudent.capabilities.audio.mel import log_mel
from prudent.capabilities.audio.vad import WINDOW_SECONDS, VoiceActivityModel
from prudent.capabilities.interface.transcription import LiveText
from prudent.capabilities.offload import offload_steps
from prudent.capabilities.whisper.model import WhisperModel
from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.window import Window
from prudent.errors import InvalidRequestError
from prudent.runtime.voice_activity_artifact import WINDOW

SAMPLE_RATE = 16_000
BYTES_A_SAMPLE = 2

PAUSE_SECONDS = 0.6
"""A pause that ends an utterance."""

LONGEST_SECONDS = 20.0
"""An utterance without a pause is cut here."""

PARTIAL_SECONDS = 1.0
"""New sound that makes it worth while to transcribe an utterance again."""

_PAD = int(0.3 * SAMPLE_RATE)
_FULL_SCALE = 32_768.0

Samples = NDArray[np.float32]


class LiveListener:
    """One stream of sound. For one task at a time."""

    def __init__(self, whisper: WhisperModel, activity: VoiceActivityModel, options: DecodeOptions) -> None:
        self._whisper = whisper
        self._activity = activity.listen()
        self._finder = IslandFinder(
            IslandOptions(silence=PAUSE_SECONDS, longest=LONGEST_SECONDS), WINDOW_SECONDS
        )
        self._final = options
        self._sound: Samples = np.empty(0, np.float32)
        self._first = 0
        """Index in the stream of the first sample that is kept."""
        self._shown = 0
        """Index of the first sample that the last partial text has not heard."""
        self._utterance = 0
        self._odd = b""

    async def feed(self, pcm: bytes) -> AsyncGenerator[LiveText, Any]:
        """Take 16-bit little-endian mono samples at 16 kHz; give what they let be said."""
        data = self._odd + pcm
        whole = len(data) - len(data) % BYTES_A_SAMPLE
        self._odd = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(_FULL_SCALE)
        async with aclosing(offload_steps(self._take(samples))) as texts:
            async for text in texts:
                yield text

    async def finish(self) -> AsyncGenerator[LiveText, Any]:
        """Say that nothing more comes; give what is left.

        Raises:
            InvalidRequestError: the sound ended in the middle of a sample.
        """
        if self._odd:
            raise InvalidRequestError("The sound ended in the middle of a 16-bit sample.")
        async with aclosing(offload_steps(self._end())) as texts:
            async for text in texts:
                yield text

    def _take(self, samples: Samples) -> Generator[LiveText]:
        self._sound = np.concatenate([self._sound, samples])
        for island in self._finder.feed(self._activity.feed(samples).tolist()):
            yield from self._say(island)
        start = self._finder.start
        if start is not None:
            begin = max(start * WINDOW - _PAD, self._first)
            if self._end_index - max(self._shown, begin) >= PARTIAL_SECONDS * SAMPLE_RATE:
                self._shown = self._end_index
                yield from self._transcribe(begin, self._end_index, final=False)
        self._forget()

    def _end(self) -> Generator[LiveText]:
        islands: list[Island] = self._finder.feed(self._activity.finish().tolist())
        for island in islands + self._finder.finish():
            yield from self._say(island)

    @property
    def _end_index(self) -> int:
        return self._first + len(self._sound)

    def _say(self, island: Island) -> Generator[LiveText]:
        start = max(island.start * WINDOW - _PAD, self._first)
        yield from self._transcribe(start, min(island.end * WINDOW + _PAD, self._end_index), final=True)

    def _transcribe(self, start: int, end: int, *, final: bool) -> Generator[LiveText]:
        samples = self._sound[start - self._first : end - self._first]
        options = self._final
        if not final:
            options = replace(options, temperatures=options.temperatures[:1], timestamps=False)
        (transcript,) = self._whisper.transcribe([Window(log_mel(samples))], options)
        text = transcript.text.strip()
        if not text:
            return
        if final and self._final.language is None:
            self._final = replace(self._final, language=transcript.language)
        yield LiveText(
            self._utterance,
            text,
            round(start / SAMPLE_RATE, 3),
            round(end / SAMPLE_RATE, 3),
            final,
            transcript.language,
        )
        if final:
            self._utterance += 1
            self._shown = end

    def _forget(self) -> None:
        """Let go of the sound that no utterance can need any more."""
        needed = self._end_index - _PAD - WINDOW
        if self._finder.start is not None:
            needed = min(needed, self._finder.start * WINDOW - _PAD)
        if needed > self._first:
            self._sound = self._sound[needed - self._first :].copy()
            self._first = needed
