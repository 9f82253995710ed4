"""An open weight file whose tensors lie in it as blocks: what the readers share. Knows no format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from prudent.compiler.readers.mapped_file import MappedFile, Stored
from prudent.compiler.readers.weights import FloatArray, MetadataValue, TensorInfo

Located: TypeAlias = tuple[Mapping[str, MetadataValue], Mapping[str, Stored]]
"""A file's metadata, and where each of its tensors lies."""


class MappedWeights:
    """Metadata and tensors of a mapped file (see `Weights`)."""

    def __init__(self, path: Path, locate: Callable[[MappedFile], Located]) -> None:
        """Map the file and let `locate` read its header.

        Raises:
            ModelFileError: it cannot be opened, or tensors overlap.
            PrudentError: what `locate` raises.
        """
        self._file = MappedFile(path)
        try:
            self._metadata, self._stored = locate(self._file)
            self._file.require_apart(self._stored.values())
        except BaseException:
            self._file.close()
            raise
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
        return self._file.read(self._stored[name], start, stop)

    def close(self) -> None:
        """Release the file."""
        self._file.close()
