"""Move the spread of activations into weights: every product stays the same, and no operator is added.

One scale for a whole row needs inputs of like size. Where nothing else reads what feeds a matrix, its input i
can be divided by a factor at its source and the matrix's column i multiplied by it. Sources are a norm
(through its weight), the up projection that the gate multiplies (through its rows: they have a scale each, so
it costs nothing there), and the values that attention averages (likewise). The factor is sqrt(size of the
input / size of the column), SmoothQuant's with equal shares (Xiao et al. 2023, equation 4), each size the
geometric mean of largest and root mean square, which was measured to lose less than either alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.plan import DecoderPlan, LayerPlan
from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo, Weights

_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Group:
    """Matrices of the same inputs, and the tensors whose first axis these inputs come from.

    Each run of `run` source channels (None: all of them) feeds `repeats` runs of inputs, one after the other:
    so do the values of one key-value head the query heads that share it.
    """

    sources: tuple[str, ...]
    matrices: tuple[str, ...]
    repeats: int = 1
    run: int | None = None

    def per_source(self, factor: FloatArray) -> FloatArray:
        """One factor a source channel: the geometric mean over the inputs that it feeds."""
        run = len(factor) // self.repeats if self.run is None else self.run
        return np.exp(np.log(factor).reshape(-1, self.repeats, run).mean(1)).reshape(-1)

    def per_input(self, factor: FloatArray) -> FloatArray:
        """The factors of source channels, for each input that they feed."""
        run = len(factor) if self.run is None else self.run
        return np.repeat(factor.reshape(-1, 1, run), self.repeats, axis=1).reshape(-1)


def balanced_groups(plan: DecoderPlan) -> tuple[Group, ...]:
    """The groups of a decoder, without a head that is also the embedding: its rows are read as they are."""
    groups = [group for layer in plan.layers for group in _layer_groups(plan, layer)]
    if not plan.is_tied:
        groups.append(Group((plan.final_norm,), (plan.head,)))
    return tuple(groups)


def _layer_groups(plan: DecoderPlan, layer: LayerPlan) -> tuple[Group, ...]:
    attention, forward, config = layer.attention, layer.feed_forward, plan.config
    values = (attention.value, *(attention.biases or ())[2:])
    return (
        Group((attention.norm,), (attention.query, attention.key, attention.value)),
        Group(values, (attention.output,), config.heads // config.kv_heads, config.head_dim),
        Group((forward.norm,), (forward.gate, forward.up)),
        Group((forward.up,), (forward.down,)),
    )


class BalancedWeights:
    """A view of open weights (see `Weights`) in which every group is balanced.

    `input_size` gives, for a group, the size of each input on the calibration text (see `column_size`),
    float32 (inputs); it is asked when the group is first read.
    """

    def __init__(
        self, weights: Weights, groups: Iterable[Group], input_size: Callable[[Group], FloatArray]
    ) -> None:
        self._weights = weights
        self._input_size = input_size
        groups = tuple(groups)
        self._fed_by = {matrix: group for group in groups for matrix in group.matrices}
        self._feeds = {source: group for group in groups for source in group.sources}
        self._factors: dict[Group, FloatArray] = {}

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
        rows = self._weights.read(name, start, stop)
        if name in self._fed_by:
            group = self._fed_by[name]
            rows = rows * group.per_input(self._factor(group))
        if name in self._feeds:
            factor = self._factor(self._feeds[name])[start:stop]
            rows = rows / factor.reshape(-1, *(1,) * (rows.ndim - 1))
        return rows

    def close(self) -> None:
        """See `Weights.close`."""
        self._weights.close()

    def _factor(self, group: Group) -> FloatArray:
        """One factor a source channel."""
        if group not in self._factors:
            columns = column_size(Matrix(self._weights, group.matrices).pieces())
            factor = group.per_source(np.sqrt(self._input_size(group) / columns))
            # The common part of all factors changes nothing: rows are scaled anyway.
            self._factors[group] = factor / np.exp(np.log(factor).mean())
        return self._factors[group]


def column_size(pieces: Iterable[FloatArray]) -> FloatArray:
    """A size for each column of the pieces (rows, columns) on top of each other: float32 (columns)."""
    largest, squares, rows = np.float32(0.0), np.float32(0.0), 0
    for piece in pieces:
        largest = np.maximum(largest, np.abs(piece).max(0))
        squares = squares + np.einsum("ij,ij->j", piece, piece)
        rows += len(piece)
    root_mean_square = np.sqrt(squares / max(1, rows))
    return np.sqrt(np.maximum(largest, _SMALLEST) * np.maximum(root_mean_square, _SMALLEST))
