"""A compiled decoder on disk: what the compiler writes and the engine reads. Knows neither of them.

    <folder>/
      model.onnx       the graph
      model.data       weights, external and memory-mapped
      config.json      DecoderConfig
      tokenizer.json   read and written by prudent.tokenizer
      card.json        Card; written last, so a folder without it is not a model

The graph's inputs and outputs (B rows, S new tokens a row, Q rows of logits asked for):

    input_ids    int64   (B, S)     right-padded where first prompts of different length are batched
    seqlens_k    int32   (B)        tokens in a row after this run, minus one
    total_length int32   (1)        the longest row after this run
    logit_rows   int64   (Q)        indices into the flattened (B*S) new tokens whose logits are wanted
    past_key_i, past_value_i        float32 (B, kv_heads, M, head_dim), one pair a layer
    present_key_i, present_value_i  the same; bound to the same memory as past, the update is in place
    logits       float32 (Q, vocab_size)

With a past, S > 1 needs B = 1 (a rule of GroupQueryAttention's CPU kernel).
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prudent.errors import ModelFileError

GRAPH_FILE = "model.onnx"
WEIGHTS_FILE = "model.data"
CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "card.json"

Target = Literal["int8", "float32"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


Size = Annotated[int, Field(ge=1, le=2**24)]
"""A dimension; a file that names a larger one is damaged."""


class DecoderConfig(_Record):
    """The dimensions that the engine needs to allocate a cache and bind a run."""

    family: str
    layers: Size
    heads: Size
    kv_heads: Size
    head_dim: Size
    hidden_size: Size
    vocab_size: Size
    context_length: Size


class SourceFile(_Record):
    """A file that the model was compiled from."""

    name: str
    sha256: str
    bytes: int


class Accuracy(_Record):
    """Measured against the float32 reference on the calibration text; KL in nats a token.

    `greedy_agreement` is the share of positions (0-1) at which both pick the same most likely token.
    """

    mean_kl: float
    p99_kl: float
    greedy_agreement: float
    perplexity: float
    reference_perplexity: float
    tokens: int
    calibration_sha256: str


class EncoderAccuracy(_Record):
    """Measured against the float32 reference on pairs of sentences; cosines between a text's two vectors.

    The pairs are a query and a passage; each text ranks all of the other kind. `nearest_agreement` is the
    share of texts (0-1) with the same nearest one under both models, `rank_correlation` the mean of
    Spearman's between the two orders.
    """

    mean_cosine: float
    min_cosine: float
    nearest_agreement: float
    rank_correlation: float
    texts: int
    calibration_sha256: str


class MeasuredAccuracy(_Record):
    """Named measures of a model against its float32 reference, on `samples` that the hash tells apart."""

    measures: dict[str, float]
    samples: int
    calibration_sha256: str


AnyAccuracy: TypeAlias = Accuracy | EncoderAccuracy | MeasuredAccuracy


class Card(_Record):
    """What a compiled model is and how exact it is: kept beside it, shown to whoever asks."""

    id: str
    family: str
    target: Target
    license: str
    upstream: str
    sources: list[SourceFile]
    parameters: int
    weight_bytes: int
    precision: dict[str, str]
    accuracy: AnyAccuracy | None
    compiler_version: str
    compiled_at: datetime.datetime
    compile_seconds: float


ConfigT = TypeVar("ConfigT", bound=BaseModel)


class Artifact(Generic[ConfigT]):
    """A compiled model's folder, opened for reading."""

    def __init__(self, folder: Path, config: type[ConfigT]) -> None:
        """Read config and card.

        Raises:
            ModelFileError: the folder is not a complete compiled model.
        """
        self.folder = folder
        try:
            self.config = config.model_validate_json((folder / CONFIG_FILE).read_bytes())
            self.card = Card.model_validate_json((folder / CARD_FILE).read_bytes())
        except (OSError, ValidationError) as error:
            raise ModelFileError(
                f"{folder} is not a complete compiled model.",
                hint="Remove the folder; the next use compiles the model again.",
            ) from error

    @property
    def graph(self) -> Path:
        """Path of the ONNX graph."""
        return self.folder / GRAPH_FILE

    @property
    def tokenizer(self) -> Path:
        """Path of the tokenizer file."""
        return self.folder / TOKENIZER_FILE


class DecoderArtifact(Artifact[DecoderConfig]):
    """A compiled decoder's folder."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises as `Artifact`."""
        super().__init__(folder, DecoderConfig)


def is_complete(folder: Path) -> bool:
    """Whether the folder holds a finished model: its card is the last file written."""
    return (folder / CARD_FILE).is_file()
