"""Open a PyTorch state dict of before version 1.6 as Weights: five pickles, then the storages one by one.

    pickle 0x1950A86A20F9469CFC6C, pickle 1001, pickle of the writer's sizes and byte order,
    pickle of the state dict, pickle of the list of storage keys,
    then for each key an int64 count (little-endian) and that many elements

No pickle is loaded: see state_dict_pickle. A tensor is a view with strides, and often not a contiguous one.
What is computed with the tensors this does not know.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.readers.mapped_file import MappedFile
from prudent.compiler.readers.state_dict_pickle import PickleError, StridedTensor, read_pickle
from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo
from prudent.errors import ModelFileError, UnsupportedModelError

MAGIC: Final = b"\x80\x02\x8a\n"
"""Protocol 2, then a long of ten bytes: the beginning of the first pickle."""

_MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION: Final = 1001
_MOST_PICKLE_BYTES: Final = 16 * 2**20
"""All five together; those of a network of 1,000 tensors have 200 kB."""

_COUNT: Final = np.dtype("<i8")
_TYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}


class TorchWeights:
    """An open state dict (see `Weights`). It has no metadata; counts of integers read as float32."""

    def __init__(self, path: Path) -> None:
        """Map the file and check every tensor's place.

        Raises:
            ModelFileError: it is damaged, or no state dict.
            UnsupportedModelError: it is sound and has a type of number that prudent does not read.
        """
        self._file = MappedFile(path)
        try:
            self._tensors, self._starts = _locate(self._file)
        except PickleError as error:
            self._file.close()
            raise ModelFileError(
                f"{path.name} is not a PyTorch state dict that can be read safely. {error.message}",
                hint="Fetch the file again, from a source that you trust.",
            ) from error
        except BaseException:
            self._file.close()
            raise

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """Nothing: a state dict has none."""
        return {}

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """Every tensor by name."""
        return {
            name: TensorInfo(name, tensor.shape, tensor.storage.type)
            for name, tensor in self._tensors.items()
        }

    def read(self, name: str, start: int = 0, stop: int | None = None) -> FloatArray:
        """Rows of a tensor as float32, contiguous, in memory of its own (see `Weights.read`).

        Raises:
            ModelFileError: the values are not finite numbers.
        """
        tensor = self._tensors[name]
        kind = _TYPES[tensor.storage.type]
        with self._file.view() as view:
            stored = np.frombuffer(view, kind, tensor.storage.elements, self._starts[tensor.storage.key])
            values = _strided(stored, tensor)
            del stored
        if not np.isfinite(values).all():
            raise ModelFileError(
                f"{self._file.name}: the tensor {name} holds values that are not finite numbers.",
                hint="The file is damaged; fetch it again.",
            )
        return values[start:stop] if values.ndim else values

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def _strided(stored: NDArray[Any], tensor: StridedTensor) -> FloatArray:
    """A copy of the view that a tensor is; its place was checked when the file was opened."""
    view = np.lib.stride_tricks.as_strided(
        stored[tensor.offset :],
        tensor.shape,
        [stride * stored.itemsize for stride in tensor.strides],
        writeable=False,
    )
    return np.array(view, np.float32, order="C", copy=True)


def _locate(file: MappedFile) -> tuple[dict[str, StridedTensor], dict[str, int]]:
    """The tensors by name, and where each storage begins in the file."""
    with file.view() as view:
        header = io.BytesIO(view[:_MOST_PICKLE_BYTES])
    if read_pickle(header) != _MAGIC_NUMBER or read_pickle(header) != _PROTOCOL_VERSION:
        raise PickleError("Its first two pickles are not those of a state dict.")
    writer = read_pickle(header)
    if not isinstance(writer, dict) or cast("dict[str, Any]", writer).get("little_endian") is not True:
        raise PickleError("It does not say that it is little-endian.")
    tensors = _tensors(read_pickle(header), file)
    keys = read_pickle(header)
    starts = dict(_storages(keys, tensors, header.tell(), file))
    missing = next((name for name, tensor in tensors.items() if tensor.storage.key not in starts), None)
    if missing is not None:
        raise PickleError(f"The storage of the tensor {missing[:80]} is not in the file.")
    return tensors, starts


def _tensors(state: Any, file: MappedFile) -> dict[str, StridedTensor]:
    if not isinstance(state, dict):
        raise PickleError("Its fourth pickle is no dict of tensors.")
    tensors: dict[str, StridedTensor] = {}
    for name, tensor in cast("dict[str, Any]", state).items():
        if not isinstance(tensor, StridedTensor):
            raise PickleError(f"{name[:80]} is no tensor.")
        if tensor.storage.type not in _TYPES:
            raise UnsupportedModelError(
                f"{file.name}: prudent cannot read the type {tensor.storage.type[:40]} of {name[:80]}."
            )
        size = math.prod(tensor.shape)
        reach = sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.strides, strict=True))
        # A stride of 0 could make a file of some bytes a tensor of terabytes.
        if size > tensor.storage.elements or (size and tensor.offset + reach >= tensor.storage.elements):
            raise PickleError(f"The tensor {name[:80]} reaches beyond its storage.")
        tensors[name] = tensor
    return tensors


def _storages(
    keys: Any, tensors: Mapping[str, StridedTensor], start: int, file: MappedFile
) -> Iterator[tuple[str, int]]:
    """Every storage's key and first byte; they lie one after the other."""
    known = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if any(tensor.storage != known[tensor.storage.key] for tensor in tensors.values()):
        raise PickleError("Two of its tensors do not agree on their storage.")
    listed = cast("list[Any]", keys) if isinstance(keys, list) else []
    if not all(isinstance(key, str) for key in listed) or sorted(listed) != sorted(known):
        raise PickleError("Its list of storages is not that of its tensors.")
    with file.view() as view:
        for key in listed:
            storage, first = known[key], start + _COUNT.itemsize
            end = first + storage.elements * _TYPES[storage.type].itemsize
            if end > len(view):
                raise PickleError(f"It ends inside storage {key[:40]} (byte {end:,} of {len(view):,}).")
            if int(np.frombuffer(view, _COUNT, 1, start)[0]) != storage.elements:
                raise PickleError(f"Storage {key[:40]} has another size than its tensors say.")
            yield key, first
            start = end
