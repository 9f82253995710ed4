"""RMS norms, alone and fused with the residual addition. Knows no decoder."""

from __future__ import annotations

from dataclasses import dataclass

from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, require_last, require_same
from prudent.compiler.graph.values import DType, Value
from prudent.compiler.readers.weights import Weights


@dataclass(frozen=True, slots=True)
class Residual:
    """The residual stream: its value is `stream` plus `pending`, where the addition is still to be done."""

    stream: Value
    pending: Value | None = None


def rms_norm(graph: GraphBuilder, x: Value, weight: Value, epsilon: float, name: str) -> Value:
    """x / rms(x) * weight over the last dimension."""
    require_last(x, _size(weight), name)
    return graph.node(
        "SimplifiedLayerNormalization",
        [x, weight],
        [(name, x.shape)],
        attributes={"axis": -1, "epsilon": epsilon},
    )[0]


def residual_norm(
    graph: GraphBuilder, residual: Residual, weight: Value, epsilon: float, name: str
) -> tuple[Value, Value]:
    """The norm of the residual stream, and the stream with its addition done (one kernel for both)."""
    if residual.pending is None:
        return rms_norm(graph, residual.stream, weight, epsilon, name), residual.stream
    require_same(residual.stream, residual.pending, name)
    require_last(residual.stream, _size(weight), name)
    shape = residual.stream.shape
    normed, stream = graph.node(
        "SkipSimplifiedLayerNormalization",
        [residual.pending, residual.stream, weight],
        [(name, shape), None, None, (f"{name}.stream", shape)],
        domain=CONTRIB,
        attributes={"epsilon": epsilon},
    )
    return normed, stream


def vector(graph: GraphBuilder, weights: Weights, tensor: str, name: str) -> Value:
    """A weight vector of the file as float32, such as a norm's."""
    data = weights.read(tensor)
    return graph.weight(f"{name}.weight", data.shape, DType.FLOAT, [data])


def _size(weight: Value) -> int:
    (size,) = weight.shape
    return int(size)
