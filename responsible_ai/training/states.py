"""The states of a compiled encoder's last layer for windows, kept on disk as float16. Knows no label."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from prudent.runtime.artifact import GRAPH_FILE, WEIGHTS_FILE
from prudent.runtime.text_encoder_artifact import TextEncoderArtifact

TOKENS_A_RUN = 1_024
_PADDING = 1
_JITTER = 12
"""Tokens by which lengths are blurred when batches are drawn: little padding, little order."""


@dataclass(frozen=True, eq=False)
class States:
    """`tokens` float16 (all tokens, hidden), window i from starts[i] on; `pooled` (windows, 2 x hidden)."""

    tokens: NDArray[np.float16]
    starts: NDArray[np.intp]
    pooled: NDArray[np.float32]

    def batches(self, tokens: int, drawn: np.random.Generator) -> list[NDArray[np.intp]]:
        """Windows of like length together, at most so many tokens with the padding."""
        lengths = np.diff(self.starts)
        order = np.argsort(lengths + drawn.random(len(lengths)) * _JITTER)
        found: list[NDArray[np.intp]] = []
        start = 0
        while start < len(order):
            longest = np.maximum.accumulate(lengths[order[start : start + tokens]])
            fits = longest * np.arange(1, len(longest) + 1) <= tokens
            count = max(1, int(fits.sum()))
            found.append(order[start : start + count])
            start += count
        return [found[index] for index in drawn.permutation(len(found))]

    def padded(self, windows: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """States (windows, tokens, hidden) and which of them are tokens."""
        lengths = np.diff(self.starts)[windows]
        values = np.zeros((len(windows), lengths.max(), self.tokens.shape[1]), np.float32)
        for row, (window, length) in enumerate(zip(windows, lengths, strict=True)):
            start = self.starts[window]
            values[row, :length] = self.tokens[start : start + length]
        return values, np.arange(lengths.max()) < lengths[:, None]


def states_of(artifact: TextEncoderArtifact, ids: Sequence[NDArray[np.int32]], folder: Path) -> States:
    """Run the windows' tokens. The states are memory-mapped from `folder`."""
    session, name = _session(artifact, folder)
    lengths = np.array([len(one) for one in ids])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    size = artifact.config.hidden_size
    shape = (int(starts[-1]), size)
    tokens = np.lib.format.open_memmap(folder / "states.npy", "w+", np.float16, shape)
    pooled = np.zeros((len(ids), 2 * size), np.float32)
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        taken, order = np.split(order, [max(1, TOKENS_A_RUN // lengths[order[0]])])
        padded = np.full((len(taken), lengths[taken[0]]), _PADDING, np.int64)
        for row, index in enumerate(taken):
            padded[row, : lengths[index]] = ids[index]
        feeds = {"input_ids": padded, "lengths": lengths[taken].astype(np.int32)}
        for index, states in zip(taken, session.run([name], feeds)[0], strict=True):
            own = states[: lengths[index]]
            tokens[starts[index] : starts[index + 1]] = own
            pooled[index] = np.concatenate([own.mean(0), own.max(0)])
    return States(tokens, starts, pooled)


def _session(artifact: TextEncoderArtifact, folder: Path) -> tuple[onnxruntime.InferenceSession, str]:
    """The graph with its last layer's states as an output more."""
    name = f"layer_{artifact.config.layers - 1}.output_norm"
    graph = onnx.load(str(artifact.graph), load_external_data=False)
    shape = ["batch", "tokens", artifact.config.hidden_size]
    graph.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    onnx.save(graph, str(folder / GRAPH_FILE))
    shutil.copy(artifact.graph.parent / WEIGHTS_FILE, folder / WEIGHTS_FILE)
    return onnxruntime.InferenceSession(str(folder / GRAPH_FILE), providers=["CPUExecutionProvider"]), name
