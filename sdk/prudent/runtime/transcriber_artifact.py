"""A compiled Whisper on disk: what the compiler writes and transcription reads. Knows neither of them.

    <folder>/
      encoder.onnx     sound to the keys and values that the decoder looks at
      decoder.onnx     tokens to logits
      model.data       weights of both, external and memory-mapped
      tail.npy         float16 (keys and values, layers of encoder and decoder, positions, hidden_size): what
                       the encoder computes for the silence after speech
      config.json      TranscriberConfig
      tokenizer.json   read and written by prudent.tokenizer
      card.json        Card; written last, so a folder without it is not a model

The encoder's inputs and outputs, for one window (F frames, S = F / 2 positions, T positions after the sound):

    features         float32 (1, mels, F)
    tail_key_i, tail_value_i    float32 (1, T, hidden_size)     a pair for each encoder layer
    score_bias       float32 (1, 1, 1, S + T)                   added to attention scores, by position
    cross_key_i, cross_value_i  float32 (1, heads, S, head_dim) a pair for each decoder layer

The decoder's (B windows, N new tokens each, C positions to look at, Q rows of logits asked for):

    token_ids        int64   (B, N)     positions int64 (B, N), seqlens_k int32 (B): tokens after this run
                                        minus one, total_length int32 (1): the longest
    logit_rows       int64   (Q)        indices into the flattened (B*N) new tokens whose logits are wanted
    cross_key_i, cross_value_i          float32 (B, heads, C, head_dim)
    cross_bias       float32 (B, 1, 1, C)
    past_key_i, past_value_i            float32 (B, heads, M, head_dim)
    present_key_i, present_value_i      the same; bound to the same memory as past, the update is in place
    logits           float32 (Q, vocab_size)
    alignment_queries                   float32 (B, N, alignment heads, head_dim): what those heads look for
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from prudent.runtime.artifact import Artifact, Size

ENCODER_FILE = "encoder.onnx"
DECODER_FILE = "decoder.onnx"
TAIL_FILE = "tail.npy"


class AlignmentHead(BaseModel):
    """A decoder head whose attention follows the sound while its words are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layer: int
    head: int


class SpecialTokens(BaseModel):
    """Ids that play a part; times are `first_time` and 0.02 s more for each id after it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    end: int
    start: int
    translate: int
    transcribe: int
    previous: int
    no_speech: int
    no_times: int
    first_time: int


class TranscriberConfig(BaseModel):
    """The dimensions of a Whisper model, and the ids that decoding needs.

    `languages` are codes and their ids, none for a model that knows English only. `never` are ids of text
    that are never written, `never_first` those that no text begins with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: str
    mels: Size
    encoder_layers: Size
    decoder_layers: Size
    heads: Size
    head_dim: Size
    hidden_size: Size
    positions: Size
    max_tokens: Size
    vocab_size: Size
    special: SpecialTokens
    languages: dict[str, int]
    never: tuple[int, ...]
    never_first: tuple[int, ...]
    alignment_heads: tuple[AlignmentHead, ...]

    @property
    def multilingual(self) -> bool:
        """Whether it knows more than English."""
        return bool(self.languages)


class TranscriberArtifact(Artifact[TranscriberConfig]):
    """A compiled Whisper's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, TranscriberConfig)

    @property
    def encoder(self) -> Path:
        """Path of the encoder's graph."""
        return self.folder / ENCODER_FILE

    @property
    def decoder(self) -> Path:
        """Path of the decoder's graph."""
        return self.folder / DECODER_FILE

    @property
    def tail(self) -> Path:
        """Path of the silent tail."""
        return self.folder / TAIL_FILE
