"""How a target stores matrices and multiplies by them: the one thing in which compiled targets differ.

Knows operators and quantisation, and nothing of decoders.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, require_last
from prudent.compiler.graph.kernels import ACCURACY_LEVEL, require_fast_kernel
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.values import Attribute, DType, Value
from prudent.compiler.quantize import choose_block, quantize_rows
from prudent.compiler.readers.weights import FloatArray


class Precision(Protocol):
    """A way to store matrices. One object serves one graph."""

    @property
    def used(self) -> dict[str, str]:
        """What was stored as what, by the name of the node: for the card."""
        ...

    def linear(self, graph: GraphBuilder, x: Value, matrix: Matrix, name: str) -> Value:
        """x (..., inputs) times the matrix, plus its bias: (..., outputs)."""
        ...

    def embedding(self, graph: GraphBuilder, ids: Value, matrix: Matrix, name: str) -> Value:
        """Rows of the matrix: int64 ids of any shape (...) to (..., inputs)."""
        ...


class Float32:
    """Matrices as they are. One used both as embedding and as head is stored once."""

    def __init__(self) -> None:
        self.used: dict[str, str] = {}
        self._stored: dict[tuple[str, ...], Value] = {}

    def linear(self, graph: GraphBuilder, x: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.linear`."""
        require_last(x, matrix.inputs, name)
        weight = self._store(graph, matrix, name)
        bias = matrix.bias()
        shape = (*x.shape[:-1], matrix.outputs)
        product = f"{name}.product" if bias is not None else name
        (y,) = graph.node(
            "FusedMatMul", [x, weight], [(product, shape)], domain=CONTRIB, attributes={"transB": 1}
        )
        if bias is not None:
            addend = graph.weight(f"{name}.bias", bias.shape, DType.FLOAT, [bias])
            (y,) = graph.node("Add", [y, addend], [(name, shape)])
        return y

    def embedding(self, graph: GraphBuilder, ids: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.embedding`."""
        weight = self._store(graph, matrix, name)
        return graph.node("Gather", [weight, ids], [(name, (*ids.shape, matrix.inputs))])[0]

    def _store(self, graph: GraphBuilder, matrix: Matrix, name: str) -> Value:
        self.used[name] = "float32"
        stored = self._stored.get(matrix.tensors)
        if stored is None:
            shape = (matrix.outputs, matrix.inputs)
            stored = graph.weight(f"{name}.weight", shape, DType.FLOAT, matrix.pieces())
            self._stored[matrix.tensors] = stored
        return stored


class Int8:
    """Symmetric 8-bit blocks: of `largest_block`, or the next smaller one that divides a matrix's inputs.

    The embedding's quantised bytes serve a tied head as well: GatherBlockQuantized and MatMulNBits read the
    same layout under two shapes.
    """

    def __init__(self, largest_block: int) -> None:
        self.used: dict[str, str] = {}
        self._largest_block = largest_block
        self._stored: dict[tuple[str, ...], tuple[Value, Value]] = {}

    def linear(self, graph: GraphBuilder, x: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.linear`."""
        require_last(x, matrix.inputs, name)
        block = self._block(matrix, name)
        layout = (matrix.outputs, matrix.inputs // block, block)
        if stored := self._stored.get(matrix.tensors):
            values, scales = graph.alias(f"{name}.values", layout, stored[0]), stored[1]
        else:
            values, scales = _store_int8(graph, matrix, block, layout, name)
        bias = matrix.bias()
        inputs: list[Value | None] = [x, values, scales]
        if bias is not None:
            inputs += [None, None, graph.weight(f"{name}.bias", bias.shape, DType.FLOAT, [bias])]
        attributes: dict[str, Attribute] = {
            "K": matrix.inputs,
            "N": matrix.outputs,
            "bits": 8,
            "block_size": block,
            "accuracy_level": ACCURACY_LEVEL,
        }
        require_fast_kernel(attributes, tuple(inputs))
        shape = (*x.shape[:-1], matrix.outputs)
        return graph.node("MatMulNBits", inputs, [(name, shape)], domain=CONTRIB, attributes=attributes)[0]

    def embedding(self, graph: GraphBuilder, ids: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.embedding`."""
        block = self._block(matrix, name)
        values, scales = _store_int8(graph, matrix, block, (matrix.outputs, matrix.inputs), name)
        self._stored[matrix.tensors] = (values, scales)
        return graph.node(
            "GatherBlockQuantized",
            [values, ids, scales],
            [(name, (*ids.shape, matrix.inputs))],
            domain=CONTRIB,
            attributes={"bits": 8, "block_size": block, "gather_axis": 0, "quantize_axis": 1},
        )[0]

    def _block(self, matrix: Matrix, name: str) -> int:
        block = choose_block(matrix.inputs, self._largest_block)
        self.used[name] = f"int8, blocks of {block}"
        return block


def _store_int8(
    graph: GraphBuilder, matrix: Matrix, block: int, layout: tuple[int, ...], name: str
) -> tuple[Value, Value]:
    """Values in `layout` and scales (outputs, blocks), quantised and written piece by piece."""
    scales: list[FloatArray] = []

    def values() -> Iterator[NDArray[np.uint8]]:
        for piece in matrix.pieces():
            quantised, of_piece = quantize_rows(piece, block)
            scales.append(of_piece)
            yield quantised

    stored = graph.weight(f"{name}.values", layout, DType.UINT8, values())
    shape = (matrix.outputs, matrix.inputs // block)
    return stored, graph.weight(f"{name}.scales", shape, DType.FLOAT, scales)
