"""Weights some of whose tensors are replaced by others, and to which some are added. Knows no format."""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo, Weights


class OverlaidWeights:
    """Open weights (see `Weights`) seen with the tensors of `over` in place of, or beside, their own."""

    def __init__(self, weights: Weights, over: Mapping[str, FloatArray]) -> None:
        self._weights = weights
        self._over = over
        added = {name: TensorInfo(name, array.shape, "F32") for name, array in over.items()}
        self._tensors = {**weights.tensors, **added}

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """See `Weights.metadata`."""
        return self._weights.metadata

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """See `Weights.tensors`."""
        return self._tensors

    def read(self, name: str, start: int = 0, stop: int | None = None) -> FloatArray:
        """See `Weights.read`."""
        if name in self._over:
            return self._over[name][start:stop].astype("float32")
        return self._weights.read(name, start, stop)

    def close(self) -> None:
        """See `Weights.close`."""
        self._weights.close()
