"""What a weight file offers to the compiler, whatever its format: metadata, and named float32 tensors.

It does not know GGUF nor any other format, and nothing of decoders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
MetadataValue: TypeAlias = str | bool | int | float | list[str] | list[bool] | list[int] | list[float]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as the file describes it; `shape` is outermost first, so a matrix is (outputs, inputs)."""

    name: str
    shape: tuple[int, ...]
    block_type: str

    @property
    def size(self) -> int:
        """Number of elements."""
        product = 1
        for dim in self.shape:
            product *= dim
        return product


class Weights(Protocol):
    """An open weight file. Close it after use; reading afterwards is an error."""

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """The file's key-value pairs."""
        ...

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """Every tensor by name."""
        ...

    def read(self, name: str, start: int = 0, stop: int | None = None) -> FloatArray:
        """Rows `start` to `stop` of a tensor, dequantised to float32, in memory of its own.

        Raises:
            ModelFileError: the values are not finite numbers.
        """
        ...

    def close(self) -> None:
        """Release the file."""
        ...
