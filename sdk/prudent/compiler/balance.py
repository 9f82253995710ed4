"""Move the spread of activations into weights, where a norm feeds matrices: the product stays the same.

One scale for a whole row needs inputs of like size. A norm's output i is divided by a factor, through the
norm's own weight, and the column i of the matrices it feeds is multiplied by it; no operator is added. The
factor is sqrt(size of the input / size of the column), SmoothQuant's with equal shares (Xiao et al. 2023,
equation 4), each size the geometric mean of largest and root mean square, which was measured to lose less
than either alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.plan import DecoderPlan
from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo, Weights

Groups = Mapping[str, tuple[str, ...]]
"""A norm's weight, and the matrices that nothing but this norm feeds."""

_SMALLEST = 1e-6


def norm_fed(plan: DecoderPlan) -> Groups:
    """The groups of a decoder, without a head that is also the embedding: its rows are read as they are."""
    groups: dict[str, tuple[str, ...]] = {}
    for layer in plan.layers:
        attention, forward = layer.attention, layer.feed_forward
        groups[attention.norm] = (attention.query, attention.key, attention.value)
        groups[forward.norm] = (forward.gate, forward.up)
    if not plan.is_tied:
        groups[plan.final_norm] = (plan.head,)
    return groups


class BalancedWeights:
    """A view of open weights (see `Weights`) in which every group is balanced.

    `input_size` gives, for a norm, the size of each of its outputs on the calibration text (see
    `column_size`), float32 (inputs); it is asked when the group is first read.
    """

    def __init__(self, weights: Weights, groups: Groups, input_size: Callable[[str], FloatArray]) -> None:
        self._weights = weights
        self._groups = groups
        self._input_size = input_size
        self._norm_of = {matrix: norm for norm, matrices in groups.items() for matrix in matrices}
        self._factors: dict[str, FloatArray] = {}

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """See `Weights.metadata`."""
        return self._weights.metadata

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """See `Weights.tensors`."""
        return self._weights.tensors

    def read(self, name: str, start: int = 0, stop: int | None = None) -> FloatArray:
        """See `Weights.read`."""
        if name in self._groups:
            return (self._weights.read(name) / self._factor(name))[start:stop]
        rows = self._weights.read(name, start, stop)
        norm = self._norm_of.get(name)
        return rows if norm is None else rows * self._factor(norm)

    def close(self) -> None:
        """See `Weights.close`."""
        self._weights.close()

    def _factor(self, norm: str) -> FloatArray:
        if norm not in self._factors:
            factor = np.sqrt(
                self._input_size(norm) / column_size(Matrix(self._weights, self._groups[norm]).pieces())
            )
            # The common part of all factors changes nothing: rows are scaled anyway.
            self._factors[norm] = factor / np.exp(np.log(factor).mean())
        return self._factors[norm]


def column_size(pieces: Iterable[FloatArray]) -> FloatArray:
    """A size for each column of the pieces (rows, columns) on top of each other: float32 (columns)."""
    largest, squares, rows = np.float32(0.0), np.float32(0.0), 0
    for piece in pieces:
        largest = np.maximum(largest, np.abs(piece).max(0))
        squares = squares + np.einsum("ij,ij->j", piece, piece)
        rows += len(piece)
    root_mean_square = np.sqrt(squares / max(1, rows))
    return np.sqrt(np.maximum(largest, _SMALLEST) * np.maximum(root_mean_square, _SMALLEST))
