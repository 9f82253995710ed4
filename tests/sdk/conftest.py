"""Small GGUF files made on the spot, and a decoder in plain numpy to hold the compiler to.

The numpy decoder shares nothing with the compiler but the file reader: it goes from a family's description
as its papers state it, one head and one position at a time where that is plainer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import pytest

from prudent.compiler.identity import ModelIdentity
from prudent.compiler.readers import open_weights
from prudent.compiler.readers.weights import Weights
from prudent.runtime.artifact import DecoderArtifact, SourceFile
from prudent.runtime.session import open_session
from prudent.tokenizer.byte_level import alphabet

VOCABULARY = [*alphabet(), "he", "<|im_start|>", "<|im_end|>", "<|endoftext|>"]


@dataclass(frozen=True)
class Architecture:
    """A decoder as a paper describes it, with the sizes of a toy."""

    name: str
    interleaved: bool = False
    bias: bool = False
    qk_norm: bool = False
    post_norms: bool = False
    tied: bool = True
    gelu: bool = False
    scale_embedding: bool = False
    window: int | None = None
    global_every: int = 1
    local_base: float | None = None
    rope_scale: float | None = None
    attention_softcap: float | None = None
    logit_softcap: float | None = None
    layers: int = 2
    hidden: int = 64
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 32
    forward: int = 96
    context: int = 256
    epsilon: float = 1e-5
    base: float = 10_000.0
    extra: dict[str, float] = field(default_factory=dict)


def write_tiny(path: Path, arch: Architecture, *, plain: bool = False, seed: int = 0) -> Path:
    """A valid GGUF of random weights; matrices are Q8_0, or float32 where `plain`."""
    writer = gguf.GGUFWriter(path, arch.name)
    _write_metadata(writer, arch)
    random = np.random.default_rng(seed)

    def matrix(name: str, outputs: int, inputs: int, gain: float = 1.0) -> None:
        values = (random.standard_normal((outputs, inputs)) * gain / np.sqrt(inputs)).astype(np.float32)
        if plain:
            writer.add_tensor(name, values)
            return
        packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)

    def vector(name: str, size: int, around: float = 1.0) -> None:
        writer.add_tensor(name, (around + 0.1 * random.standard_normal(size)).astype(np.float32))

    query, kv = arch.heads * arch.head_dim, arch.kv_heads * arch.head_dim
    matrix("token_embd.weight", len(VOCABULARY), arch.hidden, gain=8.0)
    vector("output_norm.weight", arch.hidden)
    if not arch.tied:
        matrix("output.weight", len(VOCABULARY), arch.hidden, gain=4.0)
    for layer in range(arch.layers):
        block = f"blk.{layer}."
        vector(block + "attn_norm.weight", arch.hidden)
        for letter, outputs in (("q", query), ("k", kv), ("v", kv)):
            matrix(f"{block}attn_{letter}.weight", outputs, arch.hidden, gain=2.0)
            if arch.bias:
                vector(f"{block}attn_{letter}.bias", outputs, around=0.0)
        if arch.qk_norm:
            vector(block + "attn_q_norm.weight", arch.head_dim)
            vector(block + "attn_k_norm.weight", arch.head_dim)
        matrix(block + "attn_output.weight", arch.hidden, query)
        vector(block + "ffn_norm.weight", arch.hidden)
        matrix(block + "ffn_gate.weight", arch.forward, arch.hidden)
        matrix(block + "ffn_up.weight", arch.forward, arch.hidden)
        matrix(block + "ffn_down.weight", arch.hidden, arch.forward)
        if arch.post_norms:
            vector(block + "post_attention_norm.weight", arch.hidden)
            vector(block + "post_ffw_norm.weight", arch.hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_metadata(writer: gguf.GGUFWriter, arch: Architecture) -> None:
    writer.add_block_count(arch.layers)
    writer.add_context_length(arch.context)
    writer.add_embedding_length(arch.hidden)
    writer.add_feed_forward_length(arch.forward)
    writer.add_head_count(arch.heads)
    writer.add_head_count_kv(arch.kv_heads)
    writer.add_key_length(arch.head_dim)
    writer.add_value_length(arch.head_dim)
    writer.add_rope_freq_base(arch.base)
    writer.add_layer_norm_rms_eps(arch.epsilon)
    if arch.window is not None:
        writer.add_sliding_window(arch.window)
    if arch.rope_scale is not None:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(arch.rope_scale)
    if arch.attention_softcap is not None:
        writer.add_attn_logit_softcapping(arch.attention_softcap)
    if arch.logit_softcap is not None:
        writer.add_final_logit_softcapping(arch.logit_softcap)
    for key, value in arch.extra.items():
        writer.add_float32(f"{arch.name}.{key}", value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(VOCABULARY)
    writer.add_token_types([1] * 257 + [3] * 3)
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(VOCABULARY.index("<|im_end|>"))


def numpy_logits(weights: Weights, arch: Architecture, ids: list[int]) -> np.ndarray:
    """Logits (tokens, vocabulary) of the architecture by definition, in float64."""

    def read(name: str) -> np.ndarray:
        return weights.read(name).astype(np.float64)

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + arch.epsilon) * read(name)

    embedding = read("token_embd.weight")
    x = embedding[ids] * (np.sqrt(arch.hidden) if arch.scale_embedding else 1.0)
    for layer in range(arch.layers):
        block = f"blk.{layer}."
        out = _numpy_attention(read, norm, arch, layer, norm(x, block + "attn_norm.weight"))
        x = x + (norm(out, block + "post_attention_norm.weight") if arch.post_norms else out)
        h = norm(x, block + "ffn_norm.weight")
        gate = h @ read(block + "ffn_gate.weight").T
        if arch.gelu:
            active = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
        else:
            active = gate / (1 + np.exp(-gate))
        out = (active * (h @ read(block + "ffn_up.weight").T)) @ read(block + "ffn_down.weight").T
        x = x + (norm(out, block + "post_ffw_norm.weight") if arch.post_norms else out)
    logits = norm(x, "output_norm.weight") @ (embedding if arch.tied else read("output.weight")).T
    return arch.logit_softcap * np.tanh(logits / arch.logit_softcap) if arch.logit_softcap else logits


def _numpy_attention(
    read: Callable[[str], np.ndarray],
    norm: Callable[[np.ndarray, str], np.ndarray],
    arch: Architecture,
    layer: int,
    h: np.ndarray,
) -> np.ndarray:
    block, count = f"blk.{layer}.", len(h)
    local = arch.window is not None and (layer + 1) % arch.global_every != 0

    def heads(letter: str, number: int) -> np.ndarray:
        y = h @ read(f"{block}attn_{letter}.weight").T
        if arch.bias:
            y = y + read(f"{block}attn_{letter}.bias")
        y = y.reshape(count, number, arch.head_dim)
        return norm(y, f"{block}attn_{letter}_norm.weight") if arch.qk_norm and letter != "v" else y

    base = arch.local_base if local and arch.local_base is not None else arch.base
    scale = 1.0 if local and arch.local_base is not None else arch.rope_scale or 1.0
    query = _rotate(heads("q", arch.heads), base, scale, arch.interleaved)
    key = _rotate(heads("k", arch.kv_heads), base, scale, arch.interleaved)
    value = heads("v", arch.kv_heads)
    visible = np.tril(np.ones((count, count), bool))
    if local:
        visible &= ~np.tril(np.ones((count, count), bool), -arch.window)
    out = np.empty((count, arch.heads, arch.head_dim))
    for head in range(arch.heads):
        shared = head // (arch.heads // arch.kv_heads)
        scores = query[:, head] @ key[:, shared].T / np.sqrt(arch.head_dim)
        if arch.attention_softcap:
            scores = arch.attention_softcap * np.tanh(scores / arch.attention_softcap)
        scores = np.where(visible, scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        out[:, head] = weights / weights.sum(-1, keepdims=True) @ value[:, shared]
    return out.reshape(count, -1) @ read(block + "attn_output.weight").T


def _rotate(x: np.ndarray, base: float, scale: float, interleaved: bool) -> np.ndarray:
    half = x.shape[-1] // 2
    angles = np.arange(len(x))[:, None] / scale * base ** (-np.arange(half) / half)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    first, second = (x[..., 0::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])
    turned = first * cos - second * sin, first * sin + second * cos
    return np.stack(turned, -1).reshape(x.shape) if interleaved else np.concatenate(turned, -1)


class Runner:
    """A compiled decoder driven by hand through the contract of prudent.runtime.artifact."""

    def __init__(self, artifact: DecoderArtifact) -> None:
        self.config = artifact.config
        self.session = open_session(artifact.graph)
        self.reset()

    def reset(self) -> None:
        empty = np.zeros((1, self.config.kv_heads, 0, self.config.head_dim), np.float32)
        self.cache = [empty] * (2 * self.config.layers)

    def feed(self, ids: list[int], rows: list[int] | None = None) -> np.ndarray:
        """Logits (rows, vocabulary) of new tokens after what was fed before; all rows by default."""
        total = self.cache[0].shape[2] + len(ids)
        feeds = {
            "input_ids": np.array([ids]),
            "seqlens_k": np.array([total - 1], np.int32),
            "total_length": np.array([total], np.int32),
            "logit_rows": np.array(range(len(ids)) if rows is None else rows),
        }
        names = [f"{part}_{layer}" for layer in range(self.config.layers) for part in ("key", "value")]
        # The graph grows the cache by itself when past and present are different memory.
        feeds |= {f"past_{name}": array for name, array in zip(names, self.cache, strict=True)}
        logits, *self.cache = self.session.run(feeds, ["logits", *(f"present_{name}" for name in names)])
        return logits


IDENTITY = ModelIdentity(
    "tiny", "Apache-2.0", "made by a test", (SourceFile(name="t", sha256="0" * 64, bytes=1),)
)

QWEN2 = Architecture("qwen2", bias=True, layers=2)


@pytest.fixture
def make_tiny(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small GGUF and gives its path."""
    return lambda arch=QWEN2, **options: write_tiny(tmp_path / "tiny.gguf", arch, **options)


@pytest.fixture(scope="session")
def architecture() -> type[Architecture]:
    """The class that describes toy decoders."""
    return Architecture


@pytest.fixture(scope="session")
def by_definition() -> Callable[[Path, Architecture, list[int]], np.ndarray]:
    """Logits by the numpy decoder from a file."""
    return lambda path, arch, ids: numpy_logits(open_weights(path), arch, ids)


@pytest.fixture(scope="session")
def runner() -> type[Runner]:
    """The class that drives a compiled decoder."""
    return Runner


@pytest.fixture(scope="session")
def identity() -> ModelIdentity:
    """Of a model made by a test."""
    return IDENTITY
