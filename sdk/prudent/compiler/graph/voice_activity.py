"""Silero's voice activity detector as a graph over many windows at once. Knows no file.

The original graph takes one window at a time and is mostly overhead: it is run 31 times a second of sound.
Here everything but the recurrent cell runs over all windows together, and the cell is one LSTM over them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.values import DType, Value
from prudent.runtime.voice_activity_artifact import CONTEXT, HIDDEN, WINDOW

Weights = Mapping[str, NDArray[np.float32]]

_FILTER = 256
_HOP = 128
_BINS = 129
_TAIL = 64
"""Samples that are reflected at the end of a window."""

_FRAMES = (CONTEXT + WINDOW + _TAIL - _FILTER) // _HOP + 1
_STRIDES = (1, 2, 2, 1)
"""Of the four convolutions: four frames become one."""


def voice_activity_graph(graph: GraphBuilder, weights: Weights) -> None:
    """Build it: windows (T, 576) and state (2, 1, 128) to probabilities (T) and next_state (2, 1, 128)."""
    windows = graph.input("windows", ("T", CONTEXT + WINDOW))
    state = graph.input("state", (2, 1, HIDDEN))
    frames = _magnitudes(graph, weights, windows)
    for index, stride in enumerate(_STRIDES):
        frames = _convolution(graph, weights, frames, index, stride)
    steps = _reshape(graph, frames, "steps", ("T", 1, HIDDEN), [-1, 1, HIDDEN])
    hidden, next_state = _recurrent(graph, weights, steps, state)
    graph.output(_probabilities(graph, weights, hidden))
    graph.output(next_state)


def _magnitudes(graph: GraphBuilder, weights: Weights, windows: Value) -> Value:
    """The spectrum's magnitudes, (T, 129, frames)."""
    length = CONTEXT + WINDOW
    bounds = [[length - 2], [length - 2 - _TAIL], [1], [-1]]
    names = ("first", "last", "axis", "step")
    slices = [graph.constant(f"tail.{name}", bound) for name, bound in zip(names, bounds, strict=True)]
    (tail,) = graph.node("Slice", [windows, *slices], [("tail", ("T", _TAIL))])
    (padded,) = graph.node(
        "Concat", [windows, tail], [("padded", ("T", length + _TAIL))], attributes={"axis": 1}
    )
    signal = _reshape(graph, padded, "signal", ("T", 1, length + _TAIL), [-1, 1, length + _TAIL])
    basis = _weight(graph, "stft.basis", weights["stft.forward_basis_buffer"])
    (spectrum,) = graph.node(
        "Conv", [signal, basis], [("spectrum", ("T", 2 * _BINS, _FRAMES))], attributes={"strides": [_HOP]}
    )
    half = ("T", _BINS, _FRAMES)
    sizes = graph.constant("spectrum.sizes", [_BINS, _BINS])
    parts = graph.node(
        "Split", [spectrum, sizes], [("real", half), ("imaginary", half)], attributes={"axis": 1}
    )
    squares = [graph.node("Mul", [part, part], [(f"{part.name}.squared", half)])[0] for part in parts]
    (power,) = graph.node("Add", squares, [("power", half)])
    return graph.node("Sqrt", [power], [("magnitudes", half)])[0]


def _convolution(graph: GraphBuilder, weights: Weights, x: Value, index: int, stride: int) -> Value:
    name = f"encoder.{index}"
    kernel = _weight(graph, f"{name}.weight", weights[f"{name}.reparam_conv.weight"])
    bias = _weight(graph, f"{name}.bias", weights[f"{name}.reparam_conv.bias"])
    before = x.shape[2]
    frames = (int(before) - 1) // stride + 1
    shape = ("T", kernel.shape[0], frames)
    (made,) = graph.node(
        "Conv",
        [x, kernel, bias],
        [(name, shape)],
        attributes={"strides": [stride], "pads": [1, 1]},
    )
    return graph.node("Relu", [made], [(f"{name}.active", shape)])[0]


def _recurrent(graph: GraphBuilder, weights: Weights, steps: Value, state: Value) -> tuple[Value, Value]:
    """The LSTM over all windows: its hidden values (T, 1, 1, 128), and the state after the last."""
    inputs = _weight(graph, "rnn.inputs", _gates(weights["decoder.rnn.weight_ih"])[None])
    recurrence = _weight(graph, "rnn.recurrence", _gates(weights["decoder.rnn.weight_hh"])[None])
    biases = [_gates(weights[f"decoder.rnn.bias_{kind}"]) for kind in ("ih", "hh")]
    bias = _weight(graph, "rnn.bias", np.concatenate(biases)[None])
    one = (1, 1, HIDDEN)
    sizes = graph.constant("state.sizes", [1, 1])
    hidden, cell = graph.node(
        "Split", [state, sizes], [("state.hidden", one), ("state.cell", one)], attributes={"axis": 0}
    )
    values, last_hidden, last_cell = graph.node(
        "LSTM",
        [steps, inputs, recurrence, bias, None, hidden, cell],
        [("rnn", ("T", 1, 1, HIDDEN)), ("rnn.hidden", one), ("rnn.cell", one)],
        attributes={"hidden_size": HIDDEN},
    )
    (after,) = graph.node(
        "Concat", [last_hidden, last_cell], [("next_state", (2, 1, HIDDEN))], attributes={"axis": 0}
    )
    return values, after


def _probabilities(graph: GraphBuilder, weights: Weights, hidden: Value) -> Value:
    (active,) = graph.node("Relu", [hidden], [("rnn.active", hidden.shape)])
    rows = _reshape(graph, active, "rows", ("T", HIDDEN), [-1, HIDDEN])
    kernel = _weight(graph, "out.weight", weights["decoder.decoder.2.weight"].reshape(HIDDEN, 1))
    bias = _weight(graph, "out.bias", weights["decoder.decoder.2.bias"])
    (logits,) = graph.node("Gemm", [rows, kernel, bias], [("logits", ("T", 1))])
    (column,) = graph.node("Sigmoid", [logits], [("column", ("T", 1))])
    return _reshape(graph, column, "probabilities", ("T",), [-1])


def _reshape(
    graph: GraphBuilder, x: Value, name: str, shape: tuple[int | str, ...], dims: list[int]
) -> Value:
    return graph.node("Reshape", [x, graph.constant(f"{name}.shape", dims)], [(name, shape)])[0]


def _weight(graph: GraphBuilder, name: str, data: NDArray[np.float32]) -> Value:
    return graph.weight(name, data.shape, DType.FLOAT, [data])


def _gates(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch's order of gates (input, forget, cell, output) to ONNX's (input, output, forget, cell)."""
    i, f, c, o = np.split(rows, 4)
    return np.concatenate([i, o, f, c])
