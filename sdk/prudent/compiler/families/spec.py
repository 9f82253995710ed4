"""What makes one decoder family differ from another, as data. Knows no file, no sizes and no graph.

Most of it a file says itself: a tensor that is there switches a feature on (biases of q, k and v, norms of q
and k, norms after the sublayers, a head of its own instead of a tied one), and so does a metadata key
(softcapping, rotary scaling). A spec holds only what a file does not say. Names default to those that
llama.cpp's converter gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

RopeLayout = Literal["half", "interleaved"]
"""Which elements of a head rotate together: i and i + head_dim/2, or 2i and 2i + 1."""

Activation = Literal["silu", "gelu_tanh"]


@dataclass(frozen=True, slots=True)
class TensorNames:
    """Tensor names; `{layer}` is replaced by the layer's index."""

    embedding: str = "token_embd.weight"
    final_norm: str = "output_norm.weight"
    head: str = "output.weight"
    rope_factors: str = "rope_freqs.weight"
    attention_norm: str = "blk.{layer}.attn_norm.weight"
    query: str = "blk.{layer}.attn_q.weight"
    key: str = "blk.{layer}.attn_k.weight"
    value: str = "blk.{layer}.attn_v.weight"
    query_bias: str = "blk.{layer}.attn_q.bias"
    key_bias: str = "blk.{layer}.attn_k.bias"
    value_bias: str = "blk.{layer}.attn_v.bias"
    query_norm: str = "blk.{layer}.attn_q_norm.weight"
    key_norm: str = "blk.{layer}.attn_k_norm.weight"
    attention_output: str = "blk.{layer}.attn_output.weight"
    attention_post_norm: str = "blk.{layer}.post_attention_norm.weight"
    feed_forward_norm: str = "blk.{layer}.ffn_norm.weight"
    gate: str = "blk.{layer}.ffn_gate.weight"
    up: str = "blk.{layer}.ffn_up.weight"
    down: str = "blk.{layer}.ffn_down.weight"
    feed_forward_post_norm: str = "blk.{layer}.post_ffw_norm.weight"


@dataclass(frozen=True, slots=True)
class LocalAttention:
    """Layers that see only a sliding window: all but every `global_every`-th.

    The window's length is the file's `attention.sliding_window`. `rope_base` is the local layers' own
    rotary base, None where they share the global one.
    """

    global_every: int
    rope_base: float | None = None


@dataclass(frozen=True, slots=True)
class DecoderSpec:
    """A decoder family: pre-norm RMS layers of grouped-query attention and a gated feed-forward.

    `architecture` is the file's `general.architecture` and the prefix of its metadata keys.
    `scale_embedding` multiplies embeddings by the square root of the hidden size. Norm weights are used as
    the file has them: llama.cpp's converter has already added Gemma's 1.
    """

    architecture: str
    rope: RopeLayout
    activation: Activation = "silu"
    scale_embedding: bool = False
    local_attention: LocalAttention | None = None
    tensors: TensorNames = field(default_factory=TensorNames)
