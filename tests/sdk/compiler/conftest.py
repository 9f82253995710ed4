"""Small E5S1 files made on the spot, and an encoder in plain numpy to hold the compiler to.

The numpy encoder shares nothing with the compiler: it goes from BERT's description, a head at a time.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁query",
    ":",
    "▁passage",
    *"abcdefghijklmnopqrstuvwxyz",
    "▁the",
]
HIDDEN, LAYERS, HEADS, FORWARD, POSITIONS, TYPES = 64, 2, 4, 128, 300, 2
VOCABULARY = len(PIECES) + 5
EPSILON = 1e-12


def tiny_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    """Random tensors under the format's names; matrices lie on the grid of 4-bit blocks already."""
    random = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}

    def matrix(name: str, outputs: int, inputs: int) -> None:
        values = (random.standard_normal((outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        tensors[name] = gguf.quants.dequantize(_blocks(values), gguf.GGMLQuantizationType.Q4_0)

    def norm(name: str, size: int = HIDDEN) -> None:
        tensors[f"{name}.w"] = (1 + 0.1 * random.standard_normal(size)).astype(np.float32)
        tensors[f"{name}.b"] = (0.1 * random.standard_normal(size)).astype(np.float32)

    matrix("emb.word", VOCABULARY, HIDDEN)
    tensors["emb.pos"] = (0.1 * random.standard_normal((POSITIONS, HIDDEN))).astype(np.float32)
    tensors["emb.type"] = (0.1 * random.standard_normal((TYPES, HIDDEN))).astype(np.float32)
    norm("emb.ln")
    for layer in range(LAYERS):
        for part in ("q", "k", "v", "ao"):
            matrix(f"l{layer}.{part}.w", HIDDEN, HIDDEN)
            tensors[f"l{layer}.{part}.b"] = (0.1 * random.standard_normal(HIDDEN)).astype(np.float32)
        matrix(f"l{layer}.fi.w", FORWARD, HIDDEN)
        tensors[f"l{layer}.fi.b"] = (0.1 * random.standard_normal(FORWARD)).astype(np.float32)
        matrix(f"l{layer}.fo.w", HIDDEN, FORWARD)
        tensors[f"l{layer}.fo.b"] = (0.1 * random.standard_normal(HIDDEN)).astype(np.float32)
        norm(f"l{layer}.aln")
        norm(f"l{layer}.oln")
    return tensors


def _blocks(values: np.ndarray) -> np.ndarray:
    return gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q4_0)


def e5_bytes(tensors: dict[str, np.ndarray]) -> bytes:
    """An E5S1 file of these tensors."""
    numbers = (HIDDEN, LAYERS, HEADS, FORWARD, VOCABULARY, POSITIONS, TYPES)
    head = struct.pack("<4sI7ifi", b"E5S1", 1, *numbers, EPSILON, 32)
    raw = [piece.encode() for piece in PIECES]
    blob = b"".join(raw)
    bounds = np.cumsum([0, *map(len, raw)], dtype=np.uint32)
    scores = np.array([0.0] * 4 + [-1.0 - 0.1 * i for i in range(len(raw) - 4)], np.float32)
    head += struct.pack("<5iQ", len(raw), 0, 2, 1, 3, len(blob)) + bounds.tobytes() + scores.tobytes() + blob
    entries = b"".join(
        struct.pack("<IB", ord(a), len(b)) + b.encode("utf-32-le") for a, b in (("\t", " "), ("ﬁ", "fi"))
    )
    head += struct.pack("<iI", 2, len(entries)) + entries + struct.pack("<i", len(tensors))
    bodies = {name: _stored(name, values) for name, values in tensors.items()}
    start = len(head) + sum(2 + len(name) + 21 for name in tensors)
    start = -(-start // 64) * 64
    directory, offset = b"", start
    for name, body in bodies.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", _kind(name), tensors[name].size, offset, len(body))
        offset += len(body)
    return (head + directory).ljust(start, b"\0") + b"".join(bodies.values())


def _kind(name: str) -> int:
    is_matrix = name == "emb.word" or (
        name.endswith(".w") and name.split(".")[1] in ("q", "k", "v", "ao", "fi", "fo")
    )
    return int(is_matrix)


def _stored(name: str, values: np.ndarray) -> bytes:
    return (_blocks(values) if _kind(name) else values).tobytes()


def encoder_vector(tensors: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """The vector of one text, in float64."""
    x = (tensors["emb.word"][ids] + tensors["emb.pos"][: len(ids)] + tensors["emb.type"][0]).astype(
        np.float64
    )

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return scaled * tensors[f"{name}.w"] + tensors[f"{name}.b"]

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ tensors[f"{name}.w"].astype(np.float64).T + tensors[f"{name}.b"]

    x, width = norm(x, "emb.ln"), HIDDEN // HEADS
    for layer in range(LAYERS):
        query, key, value = (linear(x, f"l{layer}.{part}") for part in "qkv")
        heads = []
        for part in (slice(head * width, (head + 1) * width) for head in range(HEADS)):
            weights = np.exp(query[:, part] @ key[:, part].T / math.sqrt(width))
            heads.append(weights / weights.sum(-1, keepdims=True) @ value[:, part])
        x = norm(x + linear(np.concatenate(heads, -1), f"l{layer}.ao"), f"l{layer}.aln")
        wide = linear(x, f"l{layer}.fi")
        phi = 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + linear(wide * phi, f"l{layer}.fo"), f"l{layer}.oln")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.fixture
def encoder_tensors() -> dict[str, np.ndarray]:
    """Tensors of a valid encoder."""
    return tiny_tensors()


@pytest.fixture
def write_encoder(tmp_path: Path) -> Callable[[dict[str, np.ndarray]], Path]:
    """Writes an E5S1 file of tensors and gives its path."""

    def write(tensors: dict[str, np.ndarray]) -> Path:
        path = tmp_path / "tiny.bin"
        path.write_bytes(e5_bytes(tensors))
        return path

    return write


@pytest.fixture
def tiny_encoder(write_encoder: Callable[[dict[str, np.ndarray]], Path]) -> Path:
    """A valid file."""
    return write_encoder(tiny_tensors())


@pytest.fixture(scope="session")
def encoder_by_definition() -> Callable[[dict[str, np.ndarray], list[int]], np.ndarray]:
    """The vector of ids by the numpy encoder."""
    return encoder_vector
