"""What follows a convolution and is linear goes into its weights: batch norms, scales, shifts.

It changes the graph, not what the graph computes (but for rounding).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.imported.graph import OnnxGraph, Operator

_IMAGE_RANK = 4
"""Batch, channels, height, width."""

_Affine = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Scale and shift of each output channel."""


def fold_into_convolutions(graph: OnnxGraph) -> None:
    """Fold until nothing linear follows a convolution that alone reads it."""
    while _fold_once(graph):
        pass
    graph.drop_unused()


def _fold_once(graph: OnnxGraph) -> bool:
    consumers = graph.consumers()
    folded = False
    for operator in list(graph.operators):
        if operator.kind not in ("Conv", "ConvTranspose") or operator.inputs[1] not in graph.weights:
            continue
        readers = consumers.get(operator.output, [])
        if len(readers) != 1 or operator.output in graph.outputs:
            continue
        affine = _affine(graph, readers[0], operator)
        if affine is None:
            continue
        _apply(graph, operator, affine)
        operator.outputs = [readers[0].output]
        graph.operators.remove(readers[0])
        folded = True
        consumers = graph.consumers()
    return folded


def _channels(graph: OnnxGraph, convolution: Operator) -> int:
    shape = graph.weights[convolution.inputs[1]].shape
    if convolution.kind == "Conv":
        return shape[0]
    return shape[1] * int(convolution.attributes.get("group", 1))


def _affine(graph: OnnxGraph, reader: Operator, convolution: Operator) -> _Affine | None:
    """What `reader` does with the convolution's output, where it is a scale and a shift of each channel."""
    channels = _channels(graph, convolution)
    if reader.kind == "BatchNormalization" and all(name in graph.weights for name in reader.inputs[1:5]):
        gamma, beta, mean, variance = (graph.weights[name] for name in reader.inputs[1:5])
        scale = gamma / np.sqrt(variance + reader.attributes.get("epsilon", 1e-5))
        return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)
    if reader.kind not in ("Add", "Mul"):
        return None
    other = reader.inputs[1] if reader.inputs[0] == convolution.output else reader.inputs[0]
    constant = graph.weights.get(other)
    if constant is None or constant.dtype != np.float32:
        return None
    if constant.size != 1 and constant.shape not in ((1, channels, 1, 1), (channels, 1, 1)):
        return None
    each = np.broadcast_to(constant.reshape(-1), (channels,))
    one, zero = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    return (one, each) if reader.kind == "Add" else (each, zero)


def _apply(graph: OnnxGraph, convolution: Operator, affine: _Affine) -> None:
    scale, shift = affine
    weight: NDArray[Any] = graph.weights[convolution.inputs[1]]
    has_bias = len(convolution.inputs) > 2 and convolution.inputs[2]
    bias = graph.weights[convolution.inputs[2]] if has_bias else np.zeros(len(scale), np.float32)
    if convolution.kind == "Conv":
        scaled = weight * scale.reshape(-1, 1, 1, 1)
    else:
        groups = int(convolution.attributes.get("group", 1))
        by_group = scale.reshape(groups, 1, -1, 1, 1)
        scaled = (weight.reshape(groups, -1, *weight.shape[1:]) * by_group).reshape(weight.shape)
    name = f"{convolution.output}/folded"
    while f"{name}.weight" in graph.weights:
        name += "'"
    graph.weights[f"{name}.weight"] = scaled.astype(np.float32)
    graph.weights[f"{name}.bias"] = (bias * scale + shift).astype(np.float32)
    convolution.inputs = [convolution.inputs[0], f"{name}.weight", f"{name}.bias"]
