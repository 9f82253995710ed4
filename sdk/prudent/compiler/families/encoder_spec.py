"""What makes one encoder family differ from another, as data. Knows no file, no sizes and no graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EncoderActivation = Literal["gelu"]
"""`gelu` is the exact one, x * Phi(x)."""


@dataclass(frozen=True, slots=True)
class EncoderTensors:
    """Tensor names; `{layer}` is replaced by the layer's index."""

    words: str = "emb.word"
    positions: str = "emb.pos"
    types: str = "emb.type"
    embedding_norm: str = "emb.ln"
    query: str = "l{layer}.q"
    key: str = "l{layer}.k"
    value: str = "l{layer}.v"
    attention_output: str = "l{layer}.ao"
    attention_norm: str = "l{layer}.aln"
    up: str = "l{layer}.fi"
    down: str = "l{layer}.fo"
    output_norm: str = "l{layer}.oln"
    weight: str = ".w"
    bias: str = ".b"


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """An encoder family: BERT's post-norm layers with biases everywhere, and the mean of a text's tokens.

    `architecture` is the file's `general.architecture` and the prefix of its metadata keys. The prefixes are
    what the model was trained to see before a question and before a text that may answer one. Tensors that
    are `unused` may be in a file and have no part in a text's vector. One that is `english` alone is compared
    with float32 on English sentences alone.
    """

    architecture: str
    query_prefix: str
    passage_prefix: str
    activation: EncoderActivation = "gelu"
    tensors: EncoderTensors = field(default_factory=EncoderTensors)
    unused: frozenset[str] = frozenset()
    english: bool = False
