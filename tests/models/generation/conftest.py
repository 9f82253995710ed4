"""SmolLM2 behind an engine, and the same weights in plain numpy, straight from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf.quants import dequantize

from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.runtime.artifact import DecoderArtifact
from prudent.tokenizer.encoding import Tokenizer
from prudent.tokenizer.spec import TokenizerSpec

OpenEngine = Callable[..., Engine]


@pytest.fixture(scope="session")
def smol_tokenizer(smol_artifact: DecoderArtifact) -> Tokenizer:
    """SmolLM2's tokenizer."""
    return Tokenizer(TokenizerSpec.load(smol_artifact.tokenizer))


@pytest.fixture
def smol_engine(
    smol_artifact: DecoderArtifact, smol_reference: DecoderArtifact, smol_tokenizer: Tokenizer
) -> Iterator[OpenEngine]:
    """Opens engines on a target ("float32" or "int8") with options; closed at the end of the test."""
    with ExitStack() as engines:

        def open_engine(target: str = "float32", **options: int) -> Engine:
            artifact = smol_reference if target == "float32" else smol_artifact
            # One thread: two on a busy machine wait for each other at every operator.
            chosen = EngineOptions(**{"slots": 4, "context": 512, "threads": 1, **options})
            return engines.enter_context(Engine(artifact, smol_tokenizer, chosen))

        yield open_engine


@pytest.fixture(scope="session")
def smol_by_definition(smol_gguf: Path) -> Callable[[list[int]], np.ndarray]:
    """Logits (tokens, vocabulary) of SmolLM2 as the Llama papers define it; shares no code with prudent."""
    reader = gguf.GGUFReader(smol_gguf)
    stored = {tensor.name: tensor for tensor in reader.tensors}

    def read(name: str) -> np.ndarray:
        return dequantize(stored[name].data, stored[name].tensor_type).astype(np.float32)

    def number(key: str) -> float:
        return reader.fields[f"llama.{key}"].contents()

    heads, kv_heads = int(number("attention.head_count")), int(number("attention.head_count_kv"))
    epsilon, base = number("attention.layer_norm_rms_epsilon"), number("rope.freq_base")

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * read(name)

    def rotated(x: np.ndarray) -> np.ndarray:
        half = x.shape[-1] // 2
        angles = np.arange(len(x))[:, None, None] * base ** (-np.arange(half) / half)
        even, odd = x[..., 0::2], x[..., 1::2]
        turned = (even * np.cos(angles) - odd * np.sin(angles), even * np.sin(angles) + odd * np.cos(angles))
        return np.stack(turned, -1).reshape(x.shape).astype(np.float32)

    def attention(h: np.ndarray, block: str) -> np.ndarray:
        split = {"q": heads, "k": kv_heads, "v": kv_heads}
        q, k, v = ((h @ read(f"{block}attn_{n}.weight").T).reshape(len(h), c, -1) for n, c in split.items())
        q, k = rotated(q), rotated(k)
        out = np.empty_like(q)
        for head in range(heads):
            shared = head * kv_heads // heads
            scores = q[:, head] @ k[:, shared].T / np.sqrt(q.shape[-1])
            scores[np.triu_indices(len(h), 1)] = -np.inf
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            out[:, head] = weights / weights.sum(-1, keepdims=True) @ v[:, shared]
        return out.reshape(len(h), -1) @ read(block + "attn_output.weight").T

    def logits(ids: list[int]) -> np.ndarray:
        embedding = read("token_embd.weight")
        x = embedding[ids]
        for layer in range(int(number("block_count"))):
            block = f"blk.{layer}."
            x = x + attention(norm(x, block + "attn_norm.weight"), block)
            h = norm(x, block + "ffn_norm.weight")
            gate = h @ read(block + "ffn_gate.weight").T
            silu = gate / (1 + np.exp(-gate))
            x = x + (silu * (h @ read(block + "ffn_up.weight").T)) @ read(block + "ffn_down.weight").T
        head = read("output.weight") if "output.weight" in stored else embedding
        return norm(x, "output_norm.weight") @ head.T

    return logits
