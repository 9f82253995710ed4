"""A float32 graph to static int8: quantisers around what has byte kernels, weights to bytes.

Activations are uint8 with one range each, weights int8 with a scale for each output channel, biases int32
(QDQ, as ONNX Runtime's quantiser writes it). Where the ranges come from is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.imported.graph import CONTRIB, OnnxGraph, Operator
from prudent.errors import UnsupportedModelError

Range = tuple[float, float]
"""Least and greatest value of an activation."""

_LEVELS: Final = 255
_WEIGHT_LIMIT: Final = 127
_BIAS_LIMIT: Final = 2**30
"""Half of what int32 holds, so that sums with the products still fit."""

_LEAST_SCALE: Final = 1e-12

_KEEPS_RANGE: Final = frozenset({"MaxPool", "Resize"})
"""Their byte kernels give out what they take in: one range serves both sides."""

_WEIGHTED: Final = {"Conv": 0, "MatMul": 1}
"""Axis of the output channels in the weight."""

_INTEGER_TYPES: Final = frozenset({6, 7})
"""ONNX's numbers of int32 and int64."""

_MOVERS: Final = frozenset({"Slice", "Squeeze", "Unsqueeze", "Concat", "Gather", "Reshape"})

_BACK: Final = "/bytes_back"

QUANTIZED_KINDS: Final = frozenset(
    {"Conv", "MatMul", "Add", "Mul", "Concat", "MaxPool", "AveragePool", "GlobalAveragePool", "Resize"}
)
"""Operators with byte kernels that this file knows."""


def fuse_relus(graph: OnnxGraph, ranges: Mapping[str, Range] | None = None) -> None:
    """Drop every Relu that alone reads an operator that gives out bytes: a range from zero does the same.

    With `ranges` only where both that operator's inputs and the Relu have one.
    """
    consumers = graph.consumers()
    for operator in [operator for operator in graph.operators if operator.kind in ("Conv", "Add")]:
        readers = consumers.get(operator.output, [])
        if len(readers) != 1 or readers[0].kind != "Relu" or not _suits(graph, operator):
            continue
        names = [*_data_inputs(operator), readers[0].output]
        if ranges is None or all(name in ranges for name in names):
            operator.outputs = [readers[0].output]
            graph.operators.remove(readers[0])


def activations(graph: OnnxGraph, kinds: frozenset[str] = QUANTIZED_KINDS) -> list[str]:
    """Names of the float values that quantised operators of these kinds read or make."""
    names: dict[str, None] = {}
    whole = _whole_numbers(graph)
    for operator in graph.operators:
        if operator.kind in kinds and operator.output not in whole and _suits(graph, operator):
            names.update(dict.fromkeys([*_data_inputs(operator), operator.output]))
    return list(names)


def quantize(
    graph: OnnxGraph,
    ranges: Mapping[str, Range],
    *,
    kinds: frozenset[str] = QUANTIZED_KINDS,
    weight_limit: int = _WEIGHT_LIMIT,
    depthwise: bool = True,
) -> None:
    """Quantise every operator of `kinds` whose inputs and output have ranges.

    Without `depthwise` convolutions of single channels stay float: after some activations a few of their
    channels are far wider than the rest, and one range for all loses the rest.
    `weight_limit` is the largest absolute value of a weight: 64 where pairs of products are summed in 16
    bits (x86 without byte dot products), which would saturate.

    Raises:
        UnsupportedModelError: no operator has ranges; they are of another graph.
    """
    _Quantizer(graph, ranges, weight_limit, depthwise).run(kinds)


class _Quantizer:
    def __init__(
        self, graph: OnnxGraph, ranges: Mapping[str, Range], weight_limit: int, depthwise: bool
    ) -> None:
        self._graph = graph
        self._ranges = dict(ranges)
        self._weight_limit = weight_limit
        self._depthwise = depthwise

    def run(self, kinds: frozenset[str]) -> None:
        graph = self._graph
        if not self._depthwise:
            # Without a range they keep the Relu behind them as well.
            for name in [o.output for o in graph.operators if int(o.attributes.get("group", 1)) > 1]:
                self._ranges.pop(name, None)
                for reader in graph.consumers().get(name, []):
                    if reader.kind == "Relu":
                        self._ranges.pop(reader.output, None)
        fuse_relus(graph, self._ranges)
        chosen = [
            operator
            for operator in graph.operators
            if operator.kind in kinds and _suits(graph, operator) and self._has_ranges(operator)
        ]
        if not chosen:
            raise UnsupportedModelError(
                "The ranges for quantising do not belong to this model.",
                hint="Compile to the float32 target.",
            )
        for operator in chosen:
            if operator.kind in _KEEPS_RANGE:
                self._ranges[operator.output] = self._ranges[operator.inputs[0]]
        wanted = {name for operator in chosen for name in (*_data_inputs(operator), *self._made(operator))}
        for operator in chosen:
            if operator.kind in _WEIGHTED:
                self._quantize_weights(operator)
        dequantized = {o.output for o in graph.operators if o.kind == "DequantizeLinear"}
        self._insert(wanted - dequantized)
        for operator in chosen:
            if operator.kind == "MatMul" and operator.inputs[0].endswith(_BACK):
                self._multiply_bytes(operator)
        graph.drop_unused()

    def _made(self, operator: Operator) -> list[str]:
        """A matrix product goes on in float: its output is summed with a bias and normalised."""
        return [] if operator.kind == "MatMul" else [operator.output]

    def _has_ranges(self, operator: Operator) -> bool:
        names = [*_data_inputs(operator), *self._made(operator)]
        return all(name in self._ranges for name in names)

    def _quantize_weights(self, operator: Operator) -> None:
        graph, axis = self._graph, _WEIGHTED[operator.kind]
        weight = graph.weights[operator.inputs[1]]
        source, _ = quantization(self._ranges[operator.inputs[0]])
        others = tuple(index for index in range(weight.ndim) if index != axis)
        limit = limit_of(operator.kind, weight, self._weight_limit)
        scales = np.abs(weight).max(axis=others) / limit
        bias = graph.weights[operator.inputs[2]] if len(operator.inputs) > 2 else None
        if bias is not None:
            # A dead channel has a bias and next to no weights: its scale must let the bias fit.
            scales = np.maximum(scales, np.abs(bias) / (source * _BIAS_LIMIT))
        scales = np.maximum(scales, _LEAST_SCALE).astype(np.float32)
        shape = [-1 if index == axis else 1 for index in range(weight.ndim)]
        bytes_ = _rounded(weight / scales.reshape(shape), axis, limit)
        name = operator.output
        operator.inputs[1] = self._dequantized(f"{name}/weight", bytes_, scales, axis)
        if bias is not None:
            bias_scales = (scales * np.float32(source)).astype(np.float32)
            whole = np.rint(bias / bias_scales.astype(np.float64)).astype(np.int32)
            operator.inputs[2] = self._dequantized(f"{name}/bias", whole, bias_scales, 0)

    def _multiply_bytes(self, product: Operator) -> None:
        """A product of bytes to floats in one operator, with the bias that is added to it."""
        graph = self._graph
        source, weight = product.inputs[0].removesuffix(_BACK), product.inputs[1]
        names = [f"{name}/{part}" for part in ("bytes", "scale", "zero") for name in (source, weight)]
        readers = graph.consumers().get(product.output, [])
        add = readers[0] if len(readers) == 1 and readers[0].kind == "Add" else None
        bias = next((name for name in add.inputs if name in graph.weights), None) if add else None
        if add is None or bias is None or graph.weights[bias].ndim != 1:
            fused = Operator("MatMulIntegerToFloat", names, product.outputs, domain=CONTRIB)
            graph.replace([product], [fused])
        else:
            fused = Operator("MatMulIntegerToFloat", [*names, bias], add.outputs, domain=CONTRIB)
            graph.replace([product, add], [fused])

    def _dequantized(self, name: str, values: NDArray[Any], scales: NDArray[np.float32], axis: int) -> str:
        weights = self._graph.weights
        weights[f"{name}/bytes"] = values
        weights[f"{name}/scale"] = scales
        weights[f"{name}/zero"] = np.zeros(scales.shape, values.dtype)
        inputs = [f"{name}/bytes", f"{name}/scale", f"{name}/zero"]
        self._graph.operators.insert(0, Operator("DequantizeLinear", inputs, [name], {"axis": axis}))
        return name

    def _insert(self, wanted: set[str]) -> None:
        """A quantiser and a dequantiser after what makes each wanted value; all readers read the latter."""
        graph = self._graph
        placed: list[Operator] = []
        for name in [name for name in graph.inputs if name in wanted]:
            placed += self._pair(name)
        renamed = {name: name + _BACK for name in wanted}
        for operator in graph.operators:
            operator.inputs = [renamed.get(name, name) for name in operator.inputs]
            placed.append(operator)
            for name in operator.outputs:
                if name in wanted:
                    placed += self._pair(name)
        graph.operators = placed

    def _pair(self, name: str) -> list[Operator]:
        scale, zero = quantization(self._ranges[name])
        weights = self._graph.weights
        weights[f"{name}/scale"] = np.array(scale, np.float32)
        weights[f"{name}/zero"] = np.array(zero, np.uint8)
        how = [f"{name}/scale", f"{name}/zero"]
        return [
            Operator("QuantizeLinear", [name, *how], [f"{name}/bytes"]),
            Operator("DequantizeLinear", [f"{name}/bytes", *how], [name + _BACK]),
        ]


def limit_of(kind: str, weight: NDArray[np.float32], weight_limit: int) -> int:
    """The largest absolute value of a weight; depthwise kernels sum in 32 bits and never saturate."""
    depthwise = kind == "Conv" and weight.shape[1] == 1
    return _WEIGHT_LIMIT if depthwise else weight_limit


def quantization(values: Range) -> tuple[float, int]:
    """Scale and zero point of uint8 for a range; zero is always exact."""
    low, high = min(values[0], 0.0), max(values[1], 0.0)
    scale = max((high - low) / _LEVELS, _LEAST_SCALE)
    return scale, round(-low / scale)


def _rounded(steps: NDArray[Any], axis: int, limit: int) -> NDArray[np.int8]:
    """Whole steps whose sum over each output channel stays what it was, within half a step.

    A filter for edges has weights that cancel on a plain surface. Were each rounded for itself, the
    brightness of the page would leak through.
    """
    rows = np.moveaxis(steps, axis, 0).reshape(steps.shape[axis], -1).astype(np.float64)
    whole = np.rint(rows)
    error = rows - whole
    for row, (lost, own) in enumerate(zip(error, whole, strict=True)):
        missing = round(float(lost.sum()))
        nearest = np.argsort(-lost if missing > 0 else lost, kind="stable")[: abs(missing)]
        own[nearest] += np.sign(missing)
        whole[row] = own
    back = whole.reshape(np.moveaxis(steps, axis, 0).shape)
    return np.moveaxis(np.clip(back, -limit, limit), 0, axis).astype(np.int8)


def _whole_numbers(graph: OnnxGraph) -> set[str]:
    """Values that are shapes or parts of shapes."""
    whole = {name for name, weight in graph.weights.items() if weight.dtype.kind == "i"}
    for operator in graph.operators:
        makes = operator.kind == "Shape" or (
            operator.kind == "Cast" and operator.attributes.get("to") in _INTEGER_TYPES
        )
        moves = operator.kind in _MOVERS and operator.inputs[0] in whole
        if makes or moves:
            whole.update(operator.outputs)
    return whole


def _data_inputs(operator: Operator) -> list[str]:
    if operator.kind in _WEIGHTED or operator.kind == "Resize":
        return operator.inputs[:1]
    return operator.inputs


def _suits(graph: OnnxGraph, operator: Operator) -> bool:
    """Whether the byte kernel can do it: weights known where it has weights, none where it has not."""
    if operator.kind in _WEIGHTED:
        return operator.inputs[1] in graph.weights
    if operator.kind == "Resize":
        return True
    return not any(name in graph.weights for name in operator.inputs)
