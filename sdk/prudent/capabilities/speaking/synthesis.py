"""Phonemes to samples, part by part: the first are there long before the last. Knows no text and no file.

Encoder and flow run with all threads. The decoder, two thirds of the work, has a chain of sessions for each
thread, which work on neighbouring stretches of latents: no thread waits for another between operators.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.speaking.decoder_chain import DecoderChain, decoder_context
from prudent.errors import ServiceUnavailableError
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.speaker_artifact import SpeakerArtifact
from prudent.runtime.speaker_frames import Manner, draw_frames, rhythm_noise
from prudent.runtime.threads import usable_cores

FIRST_FRAMES = 48
"""Of the first part of all: about half a second of sound, decoded in about 30 ms on two cores."""

PART_FRAMES = 256
"""Of a part, for each thread: memory is bounded, and the overlap is a tenth of the work."""

FloatArray = NDArray[np.float32]


class Synthesizer:
    """A loaded voice. Safe to use from several threads; their parts take turns."""

    def __init__(self, artifact: SpeakerArtifact, *, threads: int | None = None) -> None:
        """Load it (about a second). `threads` None uses every core that this process may use.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.config = artifact.config
        count = usable_cores() if threads is None else threads
        wide = SessionOptions(threads=count, spinning=Spinning.WHILE_RUNNING, arena=True)
        single = SessionOptions(threads=1, spinning=Spinning.NEVER, arena=True)
        self._encoder: Session | None = open_session(artifact.encoder, wide)
        self._flow = open_session(artifact.flow, wide)
        self._decoders = [DecoderChain(artifact, single) for _ in range(count)]
        self._helpers = ThreadPoolExecutor(max(1, count - 1), thread_name_prefix="prudent-speech")
        self._turn = threading.Lock()

    def say(self, ids: Sequence[int], *, speed: float, first: bool) -> Generator[FloatArray]:
        """The samples of one sentence, float32 (T) between -1 and 1, in parts; a small one to begin with.

        What a voice varies is drawn from the ids: the same sentence sounds the same again. `first` says that
        nothing has been heard yet.

        Raises:
            ServiceUnavailableError: the voice was closed.
        """
        random = np.random.default_rng(zlib.crc32(np.array(ids, np.int64).tobytes()))
        config = self.config
        manner = Manner(config.noise, config.rhythm_noise, config.length, speed)
        with self._turn:
            frames = self._frames(ids, manner, random)
        total = frames.shape[1]
        latents = np.zeros((1, 0, config.channels), np.float32)
        for start, end in _parts(total, len(self._decoders), first=first):
            wanted = min(total, end + decoder_context(config))
            with self._turn:
                if latents.shape[1] < wanted:
                    until = wanted if first and start == 0 else total
                    made = self._latents(frames, latents.shape[1], until)
                    latents = np.concatenate([latents, made], axis=1)
                samples = self._samples(latents, start, end)
            yield np.clip(samples * np.float32(config.gain), -1, 1)

    def close(self) -> None:
        """Free it. What is being said ends with ServiceUnavailableError."""
        with self._turn:
            self._encoder = None
            self._decoders = []
        self._helpers.shutdown()

    def _frames(self, ids: Sequence[int], manner: Manner, random: np.random.Generator) -> FloatArray:
        if self._encoder is None:
            raise ServiceUnavailableError("The voice was closed.")
        feeds = {
            "ids": np.array([ids], np.int64),
            "length": np.array([len(ids)], np.int64),
            "noise": rhythm_noise(len(ids), manner, random),
        }
        mean, log_scale, log_duration = self._encoder.run(feeds, ["mean", "log_scale", "log_duration"])
        return draw_frames(mean, log_scale, log_duration, manner, random)

    def _latents(self, frames: FloatArray, start: int, end: int) -> FloatArray:
        """Latents of frames from `start` to `end`."""
        low = max(0, start - self.config.flow_context)
        high = min(frames.shape[1], end + self.config.flow_context)
        made = self._flow.run({"frames": np.ascontiguousarray(frames[:, low:high])})[0]
        return made[:, start - low : end - low]

    def _samples(self, latents: FloatArray, start: int, end: int) -> FloatArray:
        """Samples of latents from `start` to `end`: one stretch for each thread."""
        if not self._decoders:
            raise ServiceUnavailableError("The voice was closed.")
        bounds = [int(bound) for bound in np.linspace(start, end, len(self._decoders) + 1)]

        def stretch(index: int) -> FloatArray:
            return self._decoders[index].samples(latents, bounds[index], bounds[index + 1])

        others = [self._helpers.submit(stretch, index) for index in range(1, len(self._decoders))]
        return np.concatenate([stretch(0), *(other.result() for other in others)])


def _parts(total: int, threads: int, *, first: bool) -> Generator[tuple[int, int]]:
    """Bounds of the parts in frames."""
    start, size = 0, FIRST_FRAMES if first else PART_FRAMES * threads
    while start < total:
        end = min(total, start + size)
        yield start, end
        start, size = end, PART_FRAMES * threads
