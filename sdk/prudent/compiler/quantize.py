"""Symmetric 8-bit quantisation, in blocks or whole rows. Pure numpy; knows no file and no graph.

A block of `block` neighbouring inputs of one output shares a scale, max |w| / 127, and a weight is stored as
round(w / scale) + 128. The implied zero point 128 is the operator's own for 8 bits.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.readers.weights import FloatArray
from prudent.errors import UnsupportedModelError

BLOCKS = (128, 64, 32)
"""Block sizes from fastest to most exact."""

ZERO_POINT = 128
LEVELS = 127
"""Steps from zero to the largest magnitude."""

NARROW_LEVELS = 63
"""The same at 7 bits: a byte times one of these, twice, stays within 16 signed bits (2 * 255 * 63 < 2^15)."""


def choose_block(inputs: int, largest: int) -> int:
    """The largest block up to `largest` that divides a matrix's inputs.

    Raises:
        UnsupportedModelError: none does.
    """
    for block in BLOCKS:
        if block <= largest and inputs % block == 0:
            return block
    raise UnsupportedModelError(
        f"A matrix has {inputs} inputs, which no block of {', '.join(map(str, BLOCKS))} divides.",
        hint="Compile the model to the float32 target.",
    )


def distinct_limits(inputs: Iterable[int]) -> tuple[int, ...]:
    """Values of `largest` for `choose_block` that differ in effect on matrices of these inputs.

    Raises:
        UnsupportedModelError: a matrix that no block divides.
    """
    sizes = tuple(inputs)
    limits: dict[tuple[int, ...], int] = {}
    for largest in BLOCKS:
        limits.setdefault(tuple(choose_block(size, largest) for size in sizes), largest)
    return tuple(limits.values())


def quantize_rows(matrix: FloatArray, block: int) -> tuple[NDArray[np.uint8], FloatArray]:
    """Quantise rows of a matrix.

    Args:
        matrix: (outputs, inputs); `block` divides the inputs.
        block: weights that share a scale.

    Returns:
        values uint8 (outputs, inputs / block, block), scales float32 (outputs, inputs / block).
    """
    outputs, inputs = matrix.shape
    blocks = matrix.reshape(outputs, inputs // block, block)
    scales = np.maximum(blocks.max(-1), -blocks.min(-1)) / np.float32(LEVELS)
    # A block of zeros has any scale; a denormal one would overflow the division.
    scales[scales < np.finfo(np.float32).tiny * LEVELS] = 1.0
    shifted = blocks / scales[..., None]
    shifted += ZERO_POINT + 0.5
    # All values lie in 1.5 to 255.5, where truncation is rounding.
    return shifted.astype(np.uint8), scales


def quantize_columns(
    pieces: Iterable[FloatArray], *, outputs: int, inputs: int
) -> tuple[NDArray[np.uint8], FloatArray]:
    """Quantise a matrix with one scale an output, and lay it out for a product with rows of activations.

    Args:
        pieces: its rows in order, some at a time: (some outputs, inputs).
        outputs: rows of the matrix.
        inputs: columns of the matrix.

    Returns:
        values uint8 (inputs, outputs), scales float32 (outputs).
    """
    values = np.empty((inputs, outputs), np.uint8)
    scales = np.empty(outputs, np.float32)
    done = 0
    for piece in pieces:
        end = done + len(piece)
        rows, of_rows = quantize_rows(piece, inputs)
        values[:, done:end] = rows[:, 0].T
        scales[done:end] = of_rows[:, 0]
        done = end
    return values, scales


def quantize_columns_narrow(
    pieces: Iterable[FloatArray], *, outputs: int, inputs: int
) -> tuple[NDArray[np.int8], FloatArray]:
    """Like `quantize_columns`, with signed values from -63 to 63 around 0.

    Returns:
        values int8 (inputs, outputs), scales float32 (outputs).
    """
    values = np.empty((inputs, outputs), np.int8)
    scales = np.empty(outputs, np.float32)
    done = 0
    for piece in pieces:
        end = done + len(piece)
        of_rows = np.abs(piece).max(-1) / np.float32(NARROW_LEVELS)
        of_rows[of_rows < np.finfo(np.float32).tiny * NARROW_LEVELS] = 1.0
        values[:, done:end] = np.rint(piece / of_rows[:, None]).T
        scales[done:end] = of_rows
        done = end
    return values, scales


def dequantize_rows(values: NDArray[np.uint8], scales: FloatArray) -> FloatArray:
    """The matrix (outputs, inputs) that quantised rows stand for."""
    blocks = (values.astype(np.float32) - ZERO_POINT) * scales[..., None]
    return blocks.reshape(values.shape[0], -1)
