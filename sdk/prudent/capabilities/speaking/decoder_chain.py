"""Latents to samples, stage after stage, over as much at a time as fits a processor's cache. No voice.

What a run computes at the edges of its input is wrong by as far as it sees, and thrown away; so the samples
are those of one long run over the whole sentence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prudent.runtime.session import Session, SessionOptions, open_session
from prudent.runtime.speaker_artifact import SpeakerArtifact, SpeakerConfig, StageConfig

BLOCK_SAMPLES = 8192
"""That the last stage makes in one run; 32 channels of them are a megabyte. With 2 s in one run it takes
1.2 to 1.5 times as long.
"""

FloatArray = NDArray[np.float32]


def decoder_context(config: SpeakerConfig) -> int:
    """Frames on either side that the samples of a frame depend on."""
    context = 0
    for stage in reversed(config.stages):
        context = -(-context // stage.stride) + stage.context
    return context


class DecoderChain:
    """The stages of a decoder, for one thread at a time."""

    def __init__(self, artifact: SpeakerArtifact, options: SessionOptions) -> None:
        """Open the graphs. Raises ModelFileError where one is damaged."""
        sessions = [open_session(path, options) for path in artifact.decoder]
        self._stages = list(zip(artifact.config.stages, sessions, strict=True))

    def samples(self, latents: FloatArray, start: int, end: int) -> FloatArray:
        """The samples of the latents (1, T, C) from `start` to `end`."""
        if start == end:
            return np.zeros(0, np.float32)
        return self._made(len(self._stages) - 1, latents, start * self._hop, end * self._hop)

    @property
    def _hop(self) -> int:
        return int(np.prod([stage.stride for stage, _ in self._stages]))

    def _made(self, index: int, latents: FloatArray, start: int, end: int) -> FloatArray:
        """Outputs of a stage from `start` to `end`, in its own steps."""
        stage, session = self._stages[index]
        total = latents.shape[1] * int(np.prod([before.stride for before, _ in self._stages[:index]]))
        low, high = start // stage.stride, -(-end // stage.stride)
        first, last = max(0, low - stage.context), min(total, high + stage.context)
        given = latents[:, first:last] if index == 0 else self._made(index - 1, latents, first, last)
        size = high - low if stage is not self._stages[-1][0] else BLOCK_SAMPLES // stage.stride
        outputs = [
            _block(stage, session, given, first, at, min(high, at + size)) for at in range(low, high, size)
        ]
        time = 0 if outputs[0].ndim == 1 else 1
        made = np.concatenate(outputs, axis=time)
        cut = slice(start - low * stage.stride, end - low * stage.stride)
        return made[cut] if time == 0 else made[:, cut]


def _block(
    stage: StageConfig, session: Session, given: FloatArray, first: int, start: int, end: int
) -> FloatArray:
    """What the inputs from `start` to `end` become; `given` begins with the input number `first`."""
    low, high = max(first, start - stage.context), min(first + given.shape[1], end + stage.context)
    part = np.ascontiguousarray(given[:, low - first : high - first])
    made = session.run({"input": part})[0]
    cut = slice((start - low) * stage.stride, (end - low) * stage.stride)
    return made[cut] if made.ndim == 1 else made[:, cut]
