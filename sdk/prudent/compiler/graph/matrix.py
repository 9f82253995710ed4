"""A weight matrix as the graph wants it: one or several of a file's matrices on top of each other.

It reads rows in pieces, so that no more than a few megabytes of a vocabulary-sized matrix are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prudent.compiler.readers.weights import FloatArray, Weights

_PIECE_ELEMENTS = 1 << 22


@dataclass(frozen=True, slots=True)
class Matrix:
    """Outputs of the file's matrices `tensors` one after the other, all of the same inputs.

    Queries, keys and values in one matrix are one kernel call instead of three.
    """

    weights: Weights
    tensors: tuple[str, ...]
    biases: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """Rows of the matrix."""
        return sum(self.weights.tensors[name].shape[0] for name in self.tensors)

    @property
    def inputs(self) -> int:
        """Columns of the matrix."""
        return self.weights.tensors[self.tensors[0]].shape[1]

    def pieces(self) -> Iterator[FloatArray]:
        """Its rows in order, some at a time: arrays of (some outputs, inputs)."""
        step = max(1, _PIECE_ELEMENTS // self.inputs)
        for name in self.tensors:
            rows = self.weights.tensors[name].shape[0]
            for start in range(0, rows, step):
                yield self.weights.read(name, start, min(rows, start + step))

    def bias(self) -> FloatArray | None:
        """The bias (outputs), or None where there is none."""
        return np.concatenate([self.weights.read(name) for name in self.biases]) if self.biases else None
