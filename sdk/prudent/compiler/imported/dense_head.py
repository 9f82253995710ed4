"""The last matrix product of a network to 8-bit blocks: a quarter of the bytes to read for every image.

Its inputs stay float32, so that features that leave the graph are not rounded.
"""

from __future__ import annotations

from prudent.compiler.graph.kernels import ACCURACY_LEVEL
from prudent.compiler.imported.graph import CONTRIB, OnnxGraph, Operator
from prudent.compiler.quantize import BLOCKS, choose_block, quantize_rows


def quantize_products(graph: OnnxGraph) -> None:
    """Every MatMul of float32 by a constant matrix (inputs, outputs) becomes a MatMulNBits.

    Raises:
        UnsupportedModelError: no block size divides a matrix's inputs.
    """
    for operator in [operator for operator in graph.operators if operator.kind == "MatMul"]:
        matrix = graph.weights.get(operator.inputs[1])
        if matrix is None:
            continue
        inputs, outputs = matrix.shape
        block = choose_block(inputs, max(BLOCKS))
        values, scales = quantize_rows(matrix.T, block)
        name = operator.output
        graph.weights[f"{name}/values"] = values
        graph.weights[f"{name}/scales"] = scales
        attributes = {
            "K": inputs,
            "N": outputs,
            "bits": 8,
            "block_size": block,
            "accuracy_level": ACCURACY_LEVEL,
        }
        sources = [operator.inputs[0], f"{name}/values", f"{name}/scales"]
        graph.replace([operator], [Operator("MatMulNBits", sources, [name], attributes, CONTRIB)])
    graph.drop_unused()
