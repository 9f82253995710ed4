"""A compiled voice on disk: what the compiler writes and `capabilities.speaking` reads. Knows neither of
them.

    <folder>/
      encoder.onnx     phonemes to what is to be said, and how long each takes
      flow.onnx        one frame for each hop of sound to the latents of a voice
      decoder.onnx     latents to samples
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
    decoder.onnx   latents      float32 (1, T, C)
                   samples      float32 (T * hop)   between -1 and 1

A frame's latents depend on `flow_context` frames on either side, its samples on `decoder_context` frames:
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
DECODER_FILE = "decoder.onnx"

BEGINNING, END, PAD = "^", "$", "_"
"""Marks among the phonemes: of a sentence's beginning and end, and of what stands between two phonemes."""

PhonemeId = Annotated[int, Field(ge=0, lt=2**16)]


class SpeakerConfig(BaseModel):
    """What a voice speaks, and how.

    `language` is a code as `en-US`, `espeak_voice` what espeak-ng calls it. `phoneme_ids` has a list of ids
    for each character of espeak's IPA, and the marks `^`, `$` and `_` for beginning, end and what stands
    between. `noise` and `rhythm_noise` are how much the sound and the rhythm vary, `length` how long
    everything lasts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    language: str
    espeak_voice: str
    sample_rate: Annotated[int, Field(ge=8_000, le=48_000)]
    channels: Size
    hop: Size
    flow_context: int
    decoder_context: int
    phoneme_ids: dict[str, list[PhonemeId]]
    noise: Annotated[float, Field(ge=0, le=2)]
    rhythm_noise: Annotated[float, Field(ge=0, le=2)]
    length: Annotated[float, Field(gt=0, le=4)]

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
    def decoder(self) -> Path:
        """Path of the graph from latents to samples."""
        return self.folder / DECODER_FILE
