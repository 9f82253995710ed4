"""Run a compiled graph over the calibration windows and compare it with the reference. Knows no weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.gate import Comparison
from prudent.compiler.readers.weights import FloatArray
from prudent.compiler.reference import ReferenceHead
from prudent.compiler.windows import Windows
from prudent.runtime.artifact import DecoderConfig
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session

_POSITIONS = 64
"""Positions compared at a time: with 150,000 logits each, 40 MB an array."""


def measure(
    graph: Path,
    config: DecoderConfig,
    windows: Windows,
    reference: ReferenceHead,
    go_on: Callable[[int, Comparison], bool],
) -> Comparison:
    """Compare every position of every window.

    After each window `go_on` is told how many are done and what was found; False ends the comparison there.
    """
    session = open_session(graph, SessionOptions(spinning=Spinning.NEVER))
    comparison = Comparison()
    for index, length in enumerate(windows.lengths.tolist()):
        ids = windows.ids[index, :length]
        candidate = _logits(session, config, ids)
        for start in range(0, length, _POSITIONS):
            stop = min(length, start + _POSITIONS)
            comparison.add(
                reference.logits(index, start, stop), candidate[start:stop], ids[start + 1 : stop + 1]
            )
        if not go_on(index + 1, comparison):
            break
    return comparison


def _logits(session: Session, config: DecoderConfig, ids: NDArray[np.int64]) -> FloatArray:
    """Logits (tokens, vocab_size) at every position of a text."""
    length = len(ids)
    empty = np.zeros((1, config.kv_heads, 0, config.head_dim), np.float32)
    feeds: dict[str, NDArray[np.generic]] = {
        "input_ids": ids[None],
        "seqlens_k": np.array([length - 1], np.int32),
        "total_length": np.array([length], np.int32),
        "logit_rows": np.arange(length),
    }
    feeds |= {f"past_{part}_{layer}": empty for part in ("key", "value") for layer in range(config.layers)}
    return session.run(feeds, ["logits"])[0]
