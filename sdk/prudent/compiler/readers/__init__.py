"""The weight formats that are read, each known by the first bytes of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from prudent.compiler.readers.ct2 import Ct2Weights
from prudent.compiler.readers.ct2_header import MAGIC as CT2_MAGIC
from prudent.compiler.readers.e5s1 import E5Weights
from prudent.compiler.readers.e5s1_header import MAGIC as E5S1_MAGIC
from prudent.compiler.readers.gguf import GgufWeights
from prudent.compiler.readers.gguf_header import MAGIC as GGUF_MAGIC
from prudent.compiler.readers.safetensors_file import SafetensorsWeights, is_safetensors
from prudent.compiler.readers.torch_legacy import MAGIC as TORCH_MAGIC
from prudent.compiler.readers.torch_legacy import TorchWeights
from prudent.compiler.readers.weights import Weights
from prudent.errors import ModelFileError

READERS: Mapping[bytes, Callable[[Path], Weights]] = {
    GGUF_MAGIC: GgufWeights,
    E5S1_MAGIC: E5Weights,
    TORCH_MAGIC: TorchWeights,
    CT2_MAGIC: Ct2Weights,
}
_MAGIC, _BEGINNING = 4, 16
"""Bytes that tell formats with a mark apart, and those that tell all."""


def open_weights(path: Path) -> Weights:
    """Open a weight file with the reader of its format.

    Raises:
        ModelFileError: no such file, an unknown format, or the file is damaged.
        UnsupportedModelError: sound, but holds what prudent does not read.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the path, or fetch the model again."
        ) from error
    reader = SafetensorsWeights if is_safetensors(beginning) else READERS.get(beginning[:_MAGIC])
    if reader is None:
        raise ModelFileError(
            f"{path.name} is no weight file that prudent knows (it begins with {beginning[:_MAGIC]!r}).",
            hint="Give a GGUF file.",
        )
    return reader(path)
