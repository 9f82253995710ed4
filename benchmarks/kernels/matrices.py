"""Graphs of matrix products for the kernel benchmarks: one route of ONNX Runtime each. Times nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from prudent.runtime.session import Session, SessionOptions, open_session

MS = "com.microsoft"


class Net:
    """Nodes and weights under construction; weights are random, since no kernel's time depends on them."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[onnx.TensorProto] = []
        self._made: dict[tuple[str, str], tuple[str, str]] = {}

    def node(self, op: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        """Add a node; gives the name of its output."""
        name = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], domain=domain, **attributes))
        return name

    def split(self, value: str, sizes: Sequence[int]) -> list[str]:
        """Parts of a value along its last axis."""
        names = [f"t{len(self._nodes)}_{part}" for part in range(len(sizes))]
        given = [value, self.constant(sizes, np.int64)]
        self._nodes.append(helper.make_node("Split", given, names, axis=-1))
        return names

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Add a constant."""
        name = f"c{len(self._tensors)}"
        self._tensors.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def once(self, key: tuple[str, str], make: Callable[[], tuple[str, str]]) -> tuple[str, str]:
        """What `make` gave for this key the first time."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def bytes(self, *shape: int, dtype: Any = np.uint8) -> str:
        """Add random bytes."""
        low, high = (0, 256) if dtype is np.uint8 else (-127, 128)
        return self.constant(self._random.integers(low, high, shape), dtype)

    def open(self, outputs: Sequence[str], columns: int) -> Session:
        """A session whose input is `x` (rows, columns)."""
        graph = helper.make_graph(
            self._nodes,
            "matrices",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", columns])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            self._tensors,
        )
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MS, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "matrices.onnx"
            file.write_bytes(model.SerializeToString())
            return open_session(file, SessionOptions())


Route = Callable[[Net, str, int, int], str]
"""A net, the name of x (rows, inputs), inputs and outputs to the name of the product."""


def float32(net: Net, x: str, inputs: int, outputs: int) -> str:
    """MatMul."""
    return net.node("MatMul", [x, net.constant(np.ones((inputs, outputs)))])


def blocks(bits: int, block: int) -> Route:
    """MatMulNBits, activations int8 in the same blocks."""

    def route(net: Net, x: str, inputs: int, outputs: int) -> str:
        values = net.bytes(outputs, inputs // block, block * bits // 8)
        scales = net.constant(np.full((outputs, inputs // block), 0.01))
        sizes = {"K": inputs, "N": outputs, "bits": bits, "block_size": block, "accuracy_level": 4}
        return net.node("MatMulNBits", [x, values, scales], domain=MS, **sizes)

    return route


def tensor_uint8(net: Net, x: str, inputs: int, outputs: int) -> str:
    """DynamicQuantizeMatMul: one scale for all activations, unsigned weights with a scale a column."""
    return _dynamic(net, x, net.bytes(inputs, outputs), np.uint8, outputs)


def tensor_int8(net: Net, x: str, inputs: int, outputs: int) -> str:
    """The same with signed weights (on AVX2 its kernel saturates: a figure for other processors)."""
    return _dynamic(net, x, net.bytes(inputs, outputs, dtype=np.int8), np.int8, outputs)


def _dynamic(net: Net, x: str, weights: str, dtype: Any, outputs: int) -> str:
    zero = net.constant(np.full(outputs, 128 if dtype is np.uint8 else 0), dtype)
    scales = net.constant(np.full(outputs, 0.01))
    return net.node("DynamicQuantizeMatMul", [x, weights, scales, zero], domain=MS)


def rows_uint8(net: Net, x: str, inputs: int, outputs: int) -> str:
    """What prudent compiles to without byte dot products: a scale for every row of activations."""
    quantised, scale = net.once(("rows", x), lambda: _quantised(net, x, inputs))
    zero = net.constant([128], np.uint8)
    given = [quantised, net.bytes(inputs, outputs), net.constant([1.0]), net.constant(np.full(outputs, 0.01))]
    product = net.node("MatMulIntegerToFloat", [*given, zero, zero], domain=MS)
    return net.node("Mul", [product, scale])


def _quantised(net: Net, x: str, inputs: int) -> tuple[str, str]:
    largest = net.node("ReduceMax", [net.node("Abs", [x]), net.constant([-1], np.int64)])
    scale = net.node("Mul", [largest, net.constant([1 / 127])])
    spread = net.node("Expand", [net.constant([128], np.uint8), net.node("Shape", [scale])])
    return net.node("QuantizeLinear", [x, scale, spread], axis=1, block_size=inputs), scale


ROUTES: Mapping[str, Route] = {
    "float32": float32,
    "8 bit, block 32": blocks(8, 32),
    "8 bit, block 64": blocks(8, 64),
    "8 bit, block 128": blocks(8, 128),
    "4 bit, block 32": blocks(4, 32),
    "4 bit, block 128": blocks(4, 128),
    "uint8, rows": rows_uint8,
    "uint8, tensor": tensor_uint8,
    "int8, tensor": tensor_int8,
}
