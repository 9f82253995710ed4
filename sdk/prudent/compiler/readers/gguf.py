"""Open a GGUF file as Weights: checked, memory-mapped, one tensor dequantised at a time.

It does not know what the tensors are for.
"""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prudent.compiler.readers.gguf_blocks import BlockType, block_type, dequantize
from prudent.compiler.readers.gguf_header import GgufHeader, RawTensor, read_header
from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo
from prudent.errors import ModelFileError, UnsupportedModelError


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a tensor lies in the file: rows of `row_bytes` bytes from `start`."""

    info: TensorInfo
    block: BlockType
    start: int
    rows: int
    row_bytes: int

    @property
    def end(self) -> int:
        return self.start + self.rows * self.row_bytes


class GgufWeights:
    """An open GGUF file (see `Weights`)."""

    def __init__(self, path: Path) -> None:
        """Map the file and check its header, every tensor's place and every block type.

        Raises:
            ModelFileError: the file is truncated, inconsistent or cannot be opened.
            UnsupportedModelError: a block type or version that prudent does not read.
        """
        self._name = path.name
        self._map = _map(path)
        try:
            with memoryview(self._map) as view:
                header = read_header(view, self._name)
            self._stored = _place(header, len(self._map), self._name)
        except BaseException:
            self._map.close()
            raise
        self._metadata = header.metadata
        self._tensors = {name: stored.info for name, stored in self._stored.items()}

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """The file's key-value pairs."""
        return self._metadata

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """Every tensor by name."""
        return self._tensors

    def read(self, name: str, start: int = 0, stop: int | None = None) -> FloatArray:
        """Rows of a tensor as float32 (see `Weights.read`); a vector has one row for all its elements."""
        stored = self._stored[name]
        stop = stored.rows if stop is None else stop
        first = stored.start + start * stored.row_bytes
        size = (stop - start) * stored.row_bytes
        data = np.frombuffer(self._map, np.uint8, size, first)
        values = dequantize(data, stored.block)
        del data
        self._forget(first, size)
        if values.size and not (np.isfinite(values.min()) and np.isfinite(values.max())):
            raise ModelFileError(
                f"{self._name}: the tensor {name} holds values that are not finite numbers.",
                hint="The file is damaged; fetch it again.",
            )
        shape = stored.info.shape
        return values.reshape(shape if len(shape) == 1 else (stop - start, *shape[1:]))

    def close(self) -> None:
        """Release the file."""
        self._map.close()

    def _forget(self, start: int, size: int) -> None:
        """Let go of pages that were read: otherwise the whole file counts as our memory at the end."""
        if not hasattr(mmap, "MADV_DONTNEED"):
            return
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        self._map.madvise(mmap.MADV_DONTNEED, first, start + size - first)


def _map(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        reason = error.strerror if isinstance(error, OSError) else "it is empty"
        raise ModelFileError(
            f"{path.name} cannot be read: {reason}.", hint="Fetch the file again."
        ) from error


def _place(header: GgufHeader, file_size: int, name: str) -> dict[str, _Stored]:
    """Every tensor's place; refuses what leaves the file, overlaps, or has an unknown block type."""
    blocks = {type_id: block_type(type_id) for type_id in {tensor.type_id for tensor in header.tensors}}
    stored: dict[str, _Stored] = {}
    for tensor in header.tensors:
        block = blocks[tensor.type_id]
        if block is None:
            raise UnsupportedModelError(
                f"{name}: prudent cannot read block type {tensor.type_id} of the tensor {tensor.name}.",
                hint="Use a file with F32, F16, BF16, Q4_0 to Q8_0 or K-quant blocks.",
            )
        stored[tensor.name] = _place_one(tensor, block, header, file_size, name)
    by_place = sorted(stored.values(), key=lambda place: place.start)
    for before, after in itertools.pairwise(by_place):
        if before.end > after.start:
            raise _damaged(name, f"the tensors {before.info.name} and {after.info.name} overlap")
    return stored


def _place_one(tensor: RawTensor, block: BlockType, header: GgufHeader, file_size: int, name: str) -> _Stored:
    columns = tensor.dimensions[0]
    if 0 in tensor.dimensions or columns % block.elements:
        raise _damaged(
            name, f"the tensor {tensor.name} has the shape {tensor.dimensions} in {block.name} blocks"
        )
    if tensor.offset % header.alignment:
        raise _damaged(name, f"the tensor {tensor.name} is not aligned")
    info = TensorInfo(tensor.name, tensor.dimensions[::-1], block.name)
    place = _Stored(
        info,
        block,
        start=header.data_start + tensor.offset,
        rows=info.size // columns,
        row_bytes=columns // block.elements * block.bytes,
    )
    if place.end > file_size:
        raise _damaged(name, f"the tensor {tensor.name} ends at byte {place.end:,} of {file_size:,}")
    return place


def _damaged(name: str, what: str) -> ModelFileError:
    return ModelFileError(f"{name}: {what}; the file is damaged or cut short.", hint="Fetch the file again.")
