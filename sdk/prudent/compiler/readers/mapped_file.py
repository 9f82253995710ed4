"""A weight file mapped into memory, and its tensors' places in it. Knows no format.

Pages that were read are given back: otherwise the whole file counts as our memory at the end.
"""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prudent.compiler.readers.gguf_blocks import BlockType, dequantize
from prudent.compiler.readers.weights import FloatArray, TensorInfo
from prudent.errors import ModelFileError


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a tensor lies in the file: rows of `row_bytes` bytes from `start`. A vector has one row."""

    info: TensorInfo
    block: BlockType
    start: int
    rows: int
    row_bytes: int

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.start + self.rows * self.row_bytes


class MappedFile:
    """An open file of weights."""

    def __init__(self, path: Path) -> None:
        """Map the file.

        Raises:
            ModelFileError: it is empty or cannot be opened.
        """
        self.name = path.name
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            reason = error.strerror if isinstance(error, OSError) else "it is empty"
            raise ModelFileError(
                f"{path.name} cannot be read: {reason}.", hint="Fetch the file again."
            ) from error

    def __len__(self) -> int:
        return len(self._map)

    def view(self) -> memoryview:
        """All of its bytes. Release the view before the file is closed."""
        return memoryview(self._map)

    def read(self, stored: Stored, start: int = 0, stop: int | None = None) -> FloatArray:
        """Rows of a tensor as float32, in memory of its own (see `Weights.read`).

        Raises:
            ModelFileError: the values are not finite numbers.
        """
        stop = stored.rows if stop is None else stop
        first = stored.start + start * stored.row_bytes
        size = (stop - start) * stored.row_bytes
        data = np.frombuffer(self._map, np.uint8, size, first)
        values = dequantize(data, stored.block)
        del data
        self._forget(first, size)
        if values.size and not (np.isfinite(values.min()) and np.isfinite(values.max())):
            raise ModelFileError(
                f"{self.name}: the tensor {stored.info.name} holds values that are not finite numbers.",
                hint="The file is damaged; fetch it again.",
            )
        shape = stored.info.shape
        return values.reshape(shape if len(shape) == 1 else (stop - start, *shape[1:]))

    def close(self) -> None:
        """Release the file."""
        self._map.close()

    def _forget(self, start: int, size: int) -> None:
        if not hasattr(mmap, "MADV_DONTNEED"):
            return
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        self._map.madvise(mmap.MADV_DONTNEED, first, start + size - first)

    def require_apart(self, places: Iterable[Stored]) -> None:
        """Check that tensors end inside the file and do not overlap.

        Raises:
            ModelFileError: which of them do not.
        """
        by_place = sorted(places, key=lambda place: place.start)
        for place in by_place:
            if place.end > len(self):
                raise self.damaged(
                    f"the tensor {place.info.name} ends at byte {place.end:,} of {len(self):,}"
                )
        for before, after in itertools.pairwise(by_place):
            if before.end > after.start:
                raise self.damaged(f"the tensors {before.info.name} and {after.info.name} overlap")

    def damaged(self, what: str) -> ModelFileError:
        """The error for a file in which `what` is so."""
        return ModelFileError(
            f"{self.name}: {what}; the file is damaged or cut short.", hint="Fetch the file again."
        )
