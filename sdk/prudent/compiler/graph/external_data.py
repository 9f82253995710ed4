"""Write weights to a graph's external file as they come, each at a page boundary. Knows no graph.

ONNX Runtime maps the file, so a weight that is used as it lies (the embedding) costs memory only where it is
read, and processes share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.graph.builder import NUMPY_TYPES, GraphError, element_count
from prudent.compiler.graph.values import Placement, Value

ALIGNMENT = 16_384
"""The largest page size of the systems that we run on (Apple silicon); Linux on x86 has 4,096."""


class ExternalFile:
    """A weight sink that appends to an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = 0

    def place(self, value: Value, chunks: Iterable[NDArray[Any]]) -> Placement:
        """Append a weight and say where it lies.

        Raises:
            OSError: the file cannot grow.
        """
        offset = -(-self._end // ALIGNMENT) * ALIGNMENT
        self._file.seek(offset)
        length = 0
        for chunk in chunks:
            data = np.ascontiguousarray(chunk, NUMPY_TYPES[value.dtype])
            self._file.write(data.reshape(-1).view(np.uint8).data)
            length += data.nbytes
        if length != element_count(value) * NUMPY_TYPES[value.dtype].itemsize:
            raise GraphError(f"{value.name}{value.shape} was given {length} bytes")
        self._end = offset + length
        return Placement(offset, length)
