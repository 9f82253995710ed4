"""Tables of rotary positions, one pair for each kind of rotation that a model has. Knows no layers."""

from __future__ import annotations

import numpy as np

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.values import DType, Value
from prudent.compiler.plan import Rope
from prudent.compiler.readers.weights import FloatArray, Weights


class RotaryTables:
    """Makes each table when a layer first asks for it."""

    def __init__(self, graph: GraphBuilder, weights: Weights, *, positions: int, head_dim: int) -> None:
        self._graph = graph
        self._weights = weights
        self._positions = positions
        self._head_dim = head_dim
        self._made: dict[Rope, tuple[Value, Value]] = {}

    def get(self, rope: Rope) -> tuple[Value, Value]:
        """Cosines and sines, float32 (positions, head_dim / 2)."""
        if rope not in self._made:
            factors = self._weights.read(rope.factors) if rope.factors else None
            angles = rotary_angles(rope, factors, positions=self._positions, head_dim=self._head_dim)
            name = f"rotary_{len(self._made)}"
            self._made[rope] = (
                self._graph.weight(f"{name}.cos", angles.shape, DType.FLOAT, [np.cos(angles)]),
                self._graph.weight(f"{name}.sin", angles.shape, DType.FLOAT, [np.sin(angles)]),
            )
        return self._made[rope]


def rotary_angles(
    rope: Rope, factors: FloatArray | None, *, positions: int, head_dim: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Angles in radians, float64 (positions, head_dim / 2): float32 would lose digits at high positions."""
    exponents = np.arange(0, head_dim, 2, dtype=np.float64) / head_dim
    frequencies = rope.base**-exponents / rope.scale
    if factors is not None:
        frequencies = frequencies / factors
    return np.outer(np.arange(positions, dtype=np.float64), frequencies)
