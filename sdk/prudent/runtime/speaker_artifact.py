"""A compiled voice on disk: what the compiler writes and `capabilities.speaking` reads. Knows neither of
them.

    <folder>/
      encoder.onnx     phonemes to what is to be said, and how long each takes
      flow.onnx        one frame for each hop of sound to the latents of a voice
      decoder.N.onnx   stages of a decoder, N from 0: latents to samples
      model.data       weights of flow and decoder, external and memory-mapped; the encoder's are in its file
      config.json      SpeakerConfig
      card.json        Card; written last, so a folder without it is not a model

Inputs and outputs (P phoneme ids, T frames, C channels):

    encoder.onnx   ids          int64   (1, P)
                   length       int64   (1)         P
                   noise        float32 (1, 2, P)   normal, times how much rhythm varies
                   mean         float32 (1, C, P)
                   log_scale    float32 (1, C, P)   of a normal around the mean
                   log_duration float32 (1, 1, P)   frames of each, before rounding up
    flow.onnx      frames       float32 (1, T, C)   a draw from those normals, each as often as it lasts
                   latents      float32 (1, T, C)
    decoder.N.onnx input        float32 (1, S, D)   latents, or what the stage before makes
                   output       float32 (1, S * stride, E), of the last stage samples (S * stride) in -1..1

What an input becomes depends on some inputs on either side (`flow_context`, and the `context` of a stage):
parts of a sentence that overlap by as much come out as the whole does.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from prudent.runtime.artifact import Artifact, Size

ENCODER_FILE = "encoder.onnx"
FLOW_FILE = "flow.onnx"

BEGINNING, END, PAD = "^", "$", "_"
"""Marks among the phonemes: of a sentence's beginning and end, and of what stands between two phonemes."""


def stage_file(index: int) -> str:
    """The name of the graph of a stage of the decoder."""
    return f"decoder.{index}.onnx"


PhonemeId = Annotated[int, Field(ge=0, lt=2**16)]


class StageConfig(BaseModel):
    """A stage of the decoder: outputs for each input, and inputs on either side that they depend on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stride: Annotated[int, Field(ge=1, le=64)]
    context: Annotated[int, Field(ge=0, le=4096)]


class SpeakerConfig(BaseModel):
    """What a voice speaks, and how.

    `language` is a code as `en-US`, `voice` the speaker's name, `espeak_voice` what espeak-ng calls it.
    `phoneme_ids` has a list of ids for each character of espeak's IPA, and the marks `^`, `$` and `_` for
    beginning, end and what stands between. `noise` and `rhythm_noise` are how much the sound and the rhythm
    vary, `length` how long everything lasts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    language: str
    voice: str
    espeak_voice: str
    sample_rate: Annotated[int, Field(ge=8_000, le=48_000)]
    channels: Size
    flow_context: Annotated[int, Field(ge=0, le=4096)]
    stages: Annotated[list[StageConfig], Field(min_length=1, max_length=16)]
    phoneme_ids: dict[str, list[PhonemeId]]
    noise: Annotated[float, Field(ge=0, le=2)]
    rhythm_noise: Annotated[float, Field(ge=0, le=2)]
    length: Annotated[float, Field(gt=0, le=4)]
    gain: Annotated[float, Field(gt=0, le=8)] = 1.0

    def ids_of(self, phonemes: str) -> list[int]:
        """The ids of espeak's IPA, as Piper's training had them; a character without any is left out."""
        nothing = self.phoneme_ids[PAD]
        ids = [*self.phoneme_ids[BEGINNING], *nothing]
        for phoneme in unicodedata.normalize("NFD", phonemes):
            if own := self.phoneme_ids.get(phoneme):
                ids += [*own, *nothing]
        return ids + self.phoneme_ids[END]


class SpeakerArtifact(Artifact[SpeakerConfig]):
    """A compiled voice's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, SpeakerConfig)

    @property
    def encoder(self) -> Path:
        """Path of the graph from phonemes to frames."""
        return self.folder / ENCODER_FILE

    @property
    def flow(self) -> Path:
        """Path of the graph from frames to latents."""
        return self.folder / FLOW_FILE

    @property
    def decoder(self) -> list[Path]:
        """Paths of the graphs of the stages from latents to samples."""
        return [self.folder / stage_file(index) for index in range(len(self.config.stages))]
