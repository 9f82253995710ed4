"""Int8 with one scale for each row, for processors without byte dot products.

A row of activations is stored as round(x / scale) + 128 with scale max |x| / 127, an output's weights alike;
the product of the two matrices is exact in int32, and a row's result does not depend on its neighbours in
the batch. Signed weights run on a faster kernel (1.3 x at 256 rows on AVX2), which saturates there where two
products leave 16 bits: so they have 7 bits, and weights of 8 bits are unsigned.
"""

from __future__ import annotations

from enum import StrEnum

from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, require_last
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.precision import Int8
from prudent.compiler.graph.values import DType, Shape, Value
from prudent.compiler.quantize import LEVELS, ZERO_POINT, quantize_columns, quantize_columns_narrow


class RowWeights(StrEnum):
    """How weights are stored; the value is what the card says."""

    WIDE = "int8, rows"
    NARROW = "int8, rows; weights 7 bits"


class RowInt8:
    """Row-wise where all of a matrix's tensors are in `rows`, else in blocks (see `Precision`)."""

    def __init__(self, blocks: Int8, rows: frozenset[str], weights: RowWeights = RowWeights.WIDE) -> None:
        self.used = blocks.used
        self._blocks = blocks
        self._rows = rows
        self._weights = weights
        self._quantized: dict[str, tuple[Value, Value]] = {}
        self._zero_points: dict[Shape, Value] = {}
        self._constants: dict[str, Value] = {}

    def linear(self, graph: GraphBuilder, x: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.linear`."""
        if not self._rows.issuperset(matrix.tensors):
            return self._blocks.linear(graph, x, matrix, name)
        require_last(x, matrix.inputs, name)
        self.used[name] = self._weights.value
        activations, scale = self._quantize(graph, x)
        values, scales, zero_point = self._store(graph, matrix, name)
        inputs = [
            activations,
            values,
            self._constant(graph, "one", 1.0, DType.FLOAT),
            scales,
            self._constant(graph, "zero_point", ZERO_POINT, DType.UINT8),
            zero_point,
        ]
        shape = (*x.shape[:-1], matrix.outputs)
        (product,) = graph.node("MatMulIntegerToFloat", inputs, [(f"{name}.product", shape)], domain=CONTRIB)
        bias = matrix.bias()
        scaled = name if bias is None else f"{name}.scaled"
        (y,) = graph.node("Mul", [product, scale], [(scaled, shape)])
        if bias is not None:
            addend = graph.weight(f"{name}.bias", bias.shape, DType.FLOAT, [bias])
            (y,) = graph.node("Add", [y, addend], [(name, shape)])
        return y

    def embedding(self, graph: GraphBuilder, ids: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.embedding`."""
        return self._blocks.embedding(graph, ids, matrix, name)

    def _store(self, graph: GraphBuilder, matrix: Matrix, name: str) -> tuple[Value, Value, Value]:
        """Values (inputs, outputs), scales (outputs) and the values' zero point."""
        sizes = {"outputs": matrix.outputs, "inputs": matrix.inputs}
        if self._weights is RowWeights.NARROW:
            values, scales = quantize_columns_narrow(matrix.pieces(), **sizes)
            stored = graph.weight(f"{name}.values", values.shape, DType.INT8, [values])
            zero_point = self._constant(graph, "zero", 0, DType.INT8)
        else:
            values, scales = quantize_columns(matrix.pieces(), **sizes)
            stored = graph.weight(f"{name}.values", values.shape, DType.UINT8, [values])
            zero_point = self._constant(graph, "zero_point", ZERO_POINT, DType.UINT8)
        return stored, graph.weight(f"{name}.scales", scales.shape, DType.FLOAT, [scales]), zero_point

    def _quantize(self, graph: GraphBuilder, x: Value) -> tuple[Value, Value]:
        """x (..., inputs) as uint8, and scales (..., 1). A row of zeros has the scale 0 and stays zero."""
        if x.name not in self._quantized:
            leading: Shape = (*x.shape[:-1], 1)
            (magnitude,) = graph.node("Abs", [x], [(f"{x.name}.magnitude", x.shape)])
            last = self._constant(graph, "last_axis", -1, DType.INT64)
            (largest,) = graph.node("ReduceMax", [magnitude, last], [(f"{x.name}.largest", leading)])
            step = self._constant(graph, "step", 1.0 / LEVELS, DType.FLOAT)
            (scale,) = graph.node("Mul", [largest, step], [(f"{x.name}.scale", leading)])
            (values,) = graph.node(
                "QuantizeLinear",
                [x, scale, self._zero_point(graph, scale)],
                [(f"{x.name}.int8", x.shape)],
                attributes={"axis": len(x.shape) - 1, "block_size": int(x.shape[-1])},
                dtype=DType.UINT8,
            )
            self._quantized[x.name] = (values, scale)
        return self._quantized[x.name]

    def _zero_point(self, graph: GraphBuilder, scale: Value) -> Value:
        """The zero point in the shape of the scales, as QuantizeLinear wants it; one a shape."""
        if scale.shape not in self._zero_points:
            point = self._constant(graph, "zero_point", ZERO_POINT, DType.UINT8)
            (shape,) = graph.node(
                "Shape", [scale], [(f"{scale.name}.shape", (len(scale.shape),))], dtype=DType.INT64
            )
            (spread,) = graph.node(
                "Expand", [point, shape], [(f"{scale.name}.zero_point", scale.shape)], dtype=DType.UINT8
            )
            self._zero_points[scale.shape] = spread
        return self._zero_points[scale.shape]

    def _constant(self, graph: GraphBuilder, name: str, value: float, dtype: DType) -> Value:
        if name not in self._constants:
            number = value if dtype is DType.FLOAT else int(value)
            self._constants[name] = graph.constant(f"row_int8.{name}", [number], dtype=dtype)
        return self._constants[name]
