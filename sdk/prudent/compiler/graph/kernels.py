"""Which settings of MatMulNBits run on ONNX Runtime's int8 kernels. Knows one operator's attributes only.

Anything else falls, with no more than a line in the INFO log, to unpacking the whole matrix on every call
and a float32 product: up to 100 times slower. Read in onnxruntime 1.32, contrib_ops/cpu/quantization/
matmul_nbits.cc and core/mlas/lib/qnbitgemm.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.graph.builder import GraphError
from prudent.compiler.graph.values import Attribute, DType, Value

ACCURACY_LEVEL = 4
"""Quantise activations to int8 per block of a row. At 8 bits the other levels have no kernel on x86."""

BITS = (4, 8)
BLOCKS = (16, 32, 64, 128, 256)

_ZERO_POINT_INPUT = 3
_GROUP_INDEX_INPUT = 4


def require_fast_kernel(attributes: Mapping[str, Attribute], inputs: tuple[Value | None, ...]) -> None:
    """Refuse a MatMulNBits node that would run slowly.

    Args:
        attributes: of the node.
        inputs: of the node: x, values, scales, zero points, group index, bias.

    Raises:
        GraphError: which setting it is, and what would be fast.
    """
    block, columns = attributes.get("block_size"), attributes.get("K")
    zero_points = inputs[_ZERO_POINT_INPUT] if len(inputs) > _ZERO_POINT_INPUT else None
    group_index = inputs[_GROUP_INDEX_INPUT] if len(inputs) > _GROUP_INDEX_INPUT else None
    if attributes.get("accuracy_level") != ACCURACY_LEVEL:
        raise _slow(f"accuracy_level {attributes.get('accuracy_level')}", f"{ACCURACY_LEVEL}")
    if attributes.get("bits") not in BITS:
        raise _slow(f"{attributes.get('bits')} bits", " or ".join(map(str, BITS)))
    if block not in BLOCKS:
        raise _slow(f"block_size {block}", "a power of two from 16 to 256")
    if not isinstance(columns, int) or columns % block:
        raise _slow(f"K = {columns} with blocks of {block}", "whole blocks")
    if zero_points is not None and zero_points.dtype is not DType.UINT8:
        raise _slow(f"zero points of type {zero_points.dtype.name}", "uint8, or none")
    if group_index is not None:
        raise _slow("a group index", "none")


def _slow(setting: str, fast: str) -> GraphError:
    return GraphError(f"MatMulNBits with {setting} has no int8 kernel; {fast} has.")
