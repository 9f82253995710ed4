"""Convolutions along time as matrix products, time first: x (1, T, inputs) to (1, T, outputs).

The shifted copies of x stand side by side (width * inputs columns), so one product does the convolution,
and its int8 form (MatMulIntegerToFloat) gives float32 straight from the sums: unlike QLinearConv's, its
output is not rounded to a byte. Time first, a product that makes several time steps at once needs no
transposition either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, require_last
from prudent.compiler.graph.values import DType, Value
from prudent.compiler.readers.piper import FloatArray, Kernel

_TO_THE_END = 2**31
_LARGEST = 255
_LARGEST_WEIGHT = 127
_SMALLEST_SCALE = 1e-12


class TimeConvolutions(Protocol):
    """A way to store kernels and to multiply by them. One object serves one graph."""

    @property
    def used(self) -> dict[str, str]:
        """What was stored as what, by name: for the card."""
        ...

    def convolve(self, graph: GraphBuilder, x: Value, kernel: Kernel, name: str) -> Value:
        """x (1, T, inputs) to (1, T, outputs), as if x were zero before its beginning and after its end."""
        ...


class FloatConvolutions:
    """Kernels as they are. `inputs` has the input of each, by name: to be observed."""

    def __init__(self, columns: Columns | None = None) -> None:
        """`columns` are shared with others that build the same graph."""
        self.used: dict[str, str] = {}
        self.inputs: dict[str, Value] = {}
        self._columns = columns or Columns()

    def convolve(self, graph: GraphBuilder, x: Value, kernel: Kernel, name: str) -> Value:
        """See `TimeConvolutions.convolve`."""
        self.used[name] = "float32"
        self.inputs[name] = x
        columns = self._columns.of(graph, x, kernel, 0)
        matrix = _matrix(kernel)
        weight = graph.weight(f"{name}.weight", matrix.shape, DType.FLOAT, [matrix])
        bias = graph.weight(f"{name}.bias", kernel.bias.shape, DType.FLOAT, [kernel.bias])
        shape = (*x.shape[:-1], matrix.shape[1])
        (product,) = graph.node("MatMul", [columns, weight], [(f"{name}.product", shape)])
        return graph.node("Add", [product, bias], [(name, shape)])[0]


@dataclass(frozen=True, slots=True)
class Range:
    """The values that an input takes; zero is one of them."""

    lowest: float
    highest: float

    @property
    def scale(self) -> float:
        """The step between two bytes."""
        return max((self.highest - self.lowest) / _LARGEST, _SMALLEST_SCALE)

    @property
    def zero_point(self) -> int:
        """The byte that stands for zero."""
        return round(-self.lowest / self.scale)


class ByteConvolutions:
    """Inputs as unsigned bytes by the `ranges` that were seen, weights as signed bytes with a scale a column.

    A kernel without a range is stored as it is.
    """

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self._ranges = ranges
        self._columns = Columns()
        self._float = FloatConvolutions(self._columns)
        self._bytes: dict[str, tuple[Value, Value, Value]] = {}
        self._used: dict[str, str] = {}

    @property
    def used(self) -> dict[str, str]:
        """See `TimeConvolutions.used`."""
        return {**self._float.used, **self._used}

    def convolve(self, graph: GraphBuilder, x: Value, kernel: Kernel, name: str) -> Value:
        """See `TimeConvolutions.convolve`."""
        seen = self._ranges.get(name)
        if seen is None:
            return self._float.convolve(graph, x, kernel, name)
        self._used[name] = "int8, a scale for each column"
        matrix = _matrix(kernel)
        scales, values = _quantised_columns(matrix)
        quantised, scale, zero = self._quantised(graph, x, seen)
        inputs = [
            self._columns.of(graph, quantised, kernel, seen.zero_point),
            graph.weight(f"{name}.weight", values.shape, DType.INT8, [values]),
            scale,
            graph.weight(f"{name}.scales", scales.shape, DType.FLOAT, [scales]),
            zero,
            graph.constant(f"{name}.weight_zero", [0], dtype=DType.INT8),
            graph.weight(f"{name}.bias", kernel.bias.shape, DType.FLOAT, [kernel.bias]),
        ]
        shape = (*x.shape[:-1], matrix.shape[1])
        return graph.node("MatMulIntegerToFloat", inputs, [(name, shape)], domain=CONTRIB, dtype=DType.FLOAT)[
            0
        ]

    def _quantised(self, graph: GraphBuilder, x: Value, seen: Range) -> tuple[Value, Value, Value]:
        """x as bytes, once, however many kernels read it: all of them have seen the same range."""
        if x.name not in self._bytes:
            scale = graph.constant(f"{x.name}.scale", [seen.scale], dtype=DType.FLOAT)
            zero = graph.constant(f"{x.name}.zero", [seen.zero_point], dtype=DType.UINT8)
            (quantised,) = graph.node(
                "QuantizeLinear", [x, scale, zero], [(f"{x.name}.bytes", x.shape)], dtype=DType.UINT8
            )
            self._bytes[x.name] = quantised, scale, zero
        return self._bytes[x.name]


class Columns:
    """Shifted copies of an input side by side; made once for kernels of equal width and dilation."""

    def __init__(self) -> None:
        self._made: dict[str, Value] = {}
        self._constants: dict[str, Value] = {}

    def of(self, graph: GraphBuilder, x: Value, kernel: Kernel, zero: int) -> Value:
        """(1, T, width * inputs); before the beginning and after the end x is `zero`."""
        outputs, inputs, width = kernel.weight.shape
        require_last(x, inputs, f"a kernel of {outputs} outputs")
        if width == 1:
            return x
        name = f"{x.name}.columns.{width}.{kernel.dilation}"
        if name not in self._made:
            reach = kernel.reach
            ends = self._constant(graph, f"ends.{reach}", [0, reach, 0, 0, reach, 0])
            filling = self._constant(graph, f"zero.{x.dtype.name}.{zero}", [zero], x.dtype)
            (padded,) = graph.node("Pad", [x, ends, filling], [(f"{name}.padded", (1, "padded", inputs))])
            shifted = [
                self._shifted(graph, padded, f"{name}.{tap}", tap * kernel.dilation, 2 * reach, x)
                for tap in range(width)
            ]
            (self._made[name],) = graph.node(
                "Concat", shifted, [(name, (*x.shape[:-1], width * inputs))], attributes={"axis": 2}
            )
        return self._made[name]

    def _shifted(
        self, graph: GraphBuilder, padded: Value, name: str, start: int, added: int, x: Value
    ) -> Value:
        end = start - added or _TO_THE_END
        bounds = [self._constant(graph, f"number.{number}", [number]) for number in (start, end, 1)]
        return graph.node("Slice", [padded, *bounds], [(name, x.shape)])[0]

    def _constant(
        self, graph: GraphBuilder, name: str, values: list[int], dtype: DType = DType.INT64
    ) -> Value:
        if name not in self._constants:
            self._constants[name] = graph.constant(name, values, dtype=dtype)
        return self._constants[name]


def _quantised_columns(matrix: FloatArray) -> tuple[FloatArray, NDArray[np.int8]]:
    """A scale for each column, and the columns divided by them."""
    largest = np.abs(matrix).max(axis=0) / np.float32(_LARGEST_WEIGHT)
    scales: FloatArray = np.maximum(largest, np.float32(_SMALLEST_SCALE))
    values: FloatArray = np.rint(matrix / scales)
    return scales, np.clip(values, -_LARGEST_WEIGHT, _LARGEST_WEIGHT).astype(np.int8)


def _matrix(kernel: Kernel) -> FloatArray:
    """(width * inputs, outputs), in the order of the shifted copies."""
    outputs = kernel.weight.shape[0]
    return np.ascontiguousarray(kernel.weight.transpose(2, 1, 0).reshape(-1, outputs))
