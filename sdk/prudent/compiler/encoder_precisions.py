"""In which order an encoder's int8 forms are tried: from the fastest to the most exact. Builds nothing."""

from __future__ import annotations

from collections.abc import Iterator

from prudent.compiler.encoder_plan import EncoderPlan
from prudent.compiler.graph.precision import Int8, Precision
from prudent.compiler.graph.row_precision import RowInt8, RowWeights
from prudent.compiler.quantize import distinct_limits


def from_fastest(plan: EncoderPlan) -> Iterator[Precision]:
    """Row-wise with weights of 7 bits, of 8, then smaller and smaller blocks."""
    blocks = distinct_limits(plan.matrix_inputs)
    matrices = frozenset(matrix.weight for layer in plan.layers for matrix in layer.matrices)
    for stored in (RowWeights.NARROW, RowWeights.WIDE):
        yield RowInt8(Int8(blocks[0]), matrices, stored)
    yield from map(Int8, blocks)
