"""Open a CTranslate2 model.bin as Weights: checked, memory-mapped, one tensor as float32 at a time.

It does not know what the tensors are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prudent.compiler.readers.ct2_header import Ct2Header, RawTensor, read_header
from prudent.compiler.readers.gguf_blocks import BlockType, block_type
from prudent.compiler.readers.mapped_file import MappedFile, Stored
from prudent.compiler.readers.mapped_weights import Located, MappedWeights
from prudent.compiler.readers.weights import MetadataValue, TensorInfo
from prudent.errors import UnsupportedModelError

_GGUF_TYPES: Mapping[str, int] = {"float32": 0, "float16": 1, "bfloat16": 30}
"""The float types as GGUF's block types, which have the same bytes."""

SPECIFICATION = "ct2.specification"
ALIAS = "ct2.alias."
"""Before an alias; the value is the tensor's name."""

SCALAR = "ct2.scalar."


class Ct2Weights(MappedWeights):
    """An open model.bin (see `Weights`): scalars, aliases and the kind of model are metadata under `ct2.`."""

    def __init__(self, path: Path) -> None:
        """Map the file and check its directory and every tensor's place and type.

        Raises:
            ModelFileError: the file is truncated, inconsistent or cannot be opened.
            UnsupportedModelError: a version of the format or a type of weights that prudent does not read.
        """
        super().__init__(path, _locate)


def _locate(file: MappedFile) -> Located:
    with file.view() as view:
        header = read_header(view, file.name)
    blocks = {kind: block_type(number) for kind, number in _GGUF_TYPES.items()}
    return _metadata(header), {tensor.name: _place(tensor, blocks, file) for tensor in header.tensors}


def _metadata(header: Ct2Header) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {SPECIFICATION: header.specification}
    metadata |= {SCALAR + name: value for name, value in header.scalars.items()}
    metadata |= {ALIAS + alias: name for alias, name in header.aliases.items()}
    return metadata


def _place(tensor: RawTensor, blocks: Mapping[str, BlockType | None], file: MappedFile) -> Stored:
    block = blocks.get(tensor.kind)
    if block is None:
        raise UnsupportedModelError(
            f"{file.name}: the tensor {tensor.name} is stored as {tensor.kind}.",
            hint="Use a model.bin of float32, float16 or bfloat16 weights.",
        )
    info = TensorInfo(tensor.name, tensor.shape, block.name)
    rows = tensor.shape[0] if len(tensor.shape) > 1 else 1
    return Stored(info, block, tensor.offset, rows, info.size // rows * block.bytes)
