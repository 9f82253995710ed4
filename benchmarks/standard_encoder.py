"""An encoder in float32 as a converter would write it: standard ONNX operators alone, one matrix at a time.

The base line of benchmarks/embeddings.py. What can be fused is left to ONNX Runtime. Measures nothing.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from prudent.compiler.encoder_plan import Affine, EncoderLayerPlan, EncoderPlan
from prudent.compiler.readers.weights import Weights


class _Net:
    """Nodes and weights under construction."""

    def __init__(self, plan: EncoderPlan, weights: Weights) -> None:
        self.plan, self._weights = plan, weights
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def read(self, name: str, *, turned: bool = False) -> str:
        values = self._weights.read(name)
        return self.constant(values.T if turned else values)

    def linear(self, x: str, part: Affine) -> str:
        return self.node(
            "Add", self.node("MatMul", x, self.read(part.weight, turned=True)), self.read(part.bias)
        )

    def norm(self, x: str, part: Affine) -> str:
        weights = self.read(part.weight), self.read(part.bias)
        return self.node("LayerNormalization", x, *weights, axis=-1, epsilon=self.plan.epsilon)

    def heads(self, x: str, order: list[int]) -> str:
        heads = self.plan.config.heads
        shape = self.constant([0, 0, heads, self.plan.config.hidden_size // heads], np.int64)
        return self.node("Transpose", self.node("Reshape", x, shape), perm=order)


def write_standard(folder: Path, plan: EncoderPlan, weights: Weights) -> Path:
    """Write the graph with inputs and output as in prudent.runtime.encoder_artifact; gives its file."""
    net = _Net(plan, weights)
    length = net.node("Shape", "input_ids", start=1, end=2)
    zero, one = net.constant([0], np.int64), net.constant([1], np.int64)
    places = net.node("Slice", net.constant(np.arange(plan.config.max_tokens), np.int32), zero, length, zero)
    inside = net.node("Less", places, net.node("Unsqueeze", "lengths", one))
    mask = net.node("Cast", inside, to=TensorProto.FLOAT)
    away = net.node("Mul", net.node("Sub", net.constant(1.0), mask), net.constant(-1e9))
    away = net.node("Unsqueeze", away, net.constant([1, 2], np.int64))
    words = net.node("Gather", net.read(plan.words), "input_ids")
    positions = net.node("Slice", net.read(plan.positions), zero, length, zero)
    kind = net.constant(weights.read(plan.types, 0, 1))
    x = net.norm(net.node("Add", net.node("Add", words, kind), positions), plan.embedding_norm)
    for layer in plan.layers:
        x = _layer(net, x, away, layer)
    column = net.node("Unsqueeze", mask, net.constant([-1], np.int64))
    summed = net.node("ReduceSum", net.node("Mul", x, column), one, keepdims=0)
    mean = net.node("Div", summed, net.node("ReduceSum", column, one, keepdims=0))
    size = net.node("ReduceL2", mean, net.constant([-1], np.int64), keepdims=1)
    net.nodes.append(helper.make_node("Div", [mean, size], ["embedding"]))
    graph = helper.make_graph(
        net.nodes,
        "standard",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", plan.config.hidden_size])],
        net.tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    file = folder / "standard.onnx"
    onnx.save(model, str(file))
    return file


def _layer(net: _Net, x: str, away: str, layer: EncoderLayerPlan) -> str:
    width = net.plan.config.hidden_size // net.plan.config.heads
    query = net.heads(net.linear(x, layer.query), [0, 2, 1, 3])
    key = net.heads(net.linear(x, layer.key), [0, 2, 3, 1])
    value = net.heads(net.linear(x, layer.value), [0, 2, 1, 3])
    scores = net.node("Div", net.node("MatMul", query, key), net.constant(math.sqrt(width)))
    weights = net.node("Softmax", net.node("Add", scores, away), axis=-1)
    mixed = net.node("Transpose", net.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    mixed = net.node("Reshape", mixed, net.constant([0, 0, net.plan.config.hidden_size], np.int64))
    x = net.norm(net.node("Add", net.linear(mixed, layer.attention_output), x), layer.attention_norm)
    wide = net.linear(x, layer.up)
    error = net.node("Erf", net.node("Div", wide, net.constant(math.sqrt(2))))
    active = net.node(
        "Mul", net.node("Mul", wide, net.node("Add", error, net.constant(1.0))), net.constant(0.5)
    )
    return net.norm(net.node("Add", net.linear(active, layer.down), x), layer.output_norm)
