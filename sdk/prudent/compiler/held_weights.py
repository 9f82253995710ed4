"""Weights that remember the tensors of the layer at hand, which the graph and the reference both read.

Dequantising is a tenth of a compile's time; without this it would be paid twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo, Weights


class HeldWeights:
    """A view of open weights (see `Weights`) that keeps tensors of `held` names until `release`."""

    def __init__(self, weights: Weights, held: frozenset[str]) -> None:
        self._weights = weights
        self._held = held
        self._kept: dict[str, FloatArray] = {}

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """See `Weights.metadata`."""
        return self._weights.metadata

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """See `Weights.tensors`."""
        return self._weights.tensors

    def read(self, name: str, start: int = 0, stop: int | None = None) -> FloatArray:
        """See `Weights.read`; rows of a held tensor are a view of one array, not to be written to."""
        if name not in self._held:
            return self._weights.read(name, start, stop)
        if name not in self._kept:
            self._kept[name] = self._weights.read(name)
        whole = self._kept[name]
        return whole if stop is None and start == 0 else whole[start:stop]

    def release(self) -> None:
        """Forget what is kept."""
        self._kept.clear()

    def close(self) -> None:
        """See `Weights.close`."""
        self.release()
        self._weights.close()
