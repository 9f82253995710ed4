"""Open a GGUF file as Weights: checked, memory-mapped, one tensor dequantised at a time.

It does not know what the tensors are for.
"""

from __future__ import annotations

from pathlib import Path

from prudent.compiler.readers.gguf_blocks import BlockType, block_type
from prudent.compiler.readers.gguf_header import GgufHeader, RawTensor, read_header
from prudent.compiler.readers.mapped_file import MappedFile, Stored
from prudent.compiler.readers.mapped_weights import Located, MappedWeights
from prudent.compiler.readers.weights import TensorInfo
from prudent.errors import UnsupportedModelError


class GgufWeights(MappedWeights):
    """An open GGUF file (see `Weights`)."""

    def __init__(self, path: Path) -> None:
        """Map the file and check its header, every tensor's place and every block type.

        Raises:
            ModelFileError: the file is truncated, inconsistent or cannot be opened.
            UnsupportedModelError: a block type or version that prudent does not read.
        """
        super().__init__(path, _locate)


def _locate(file: MappedFile) -> Located:
    with file.view() as view:
        header = read_header(view, file.name)
    return header.metadata, _place(header, file)


def _place(header: GgufHeader, file: MappedFile) -> dict[str, Stored]:
    """Every tensor's place; refuses what leaves the file, or has an unknown block type."""
    blocks = {type_id: block_type(type_id) for type_id in {tensor.type_id for tensor in header.tensors}}
    stored: dict[str, Stored] = {}
    for tensor in header.tensors:
        block = blocks[tensor.type_id]
        if block is None:
            raise UnsupportedModelError(
                f"{file.name}: prudent cannot read block type {tensor.type_id} of the tensor {tensor.name}.",
                hint="Use a file with F32, F16, BF16, Q4_0 to Q8_0 or K-quant blocks.",
            )
        stored[tensor.name] = _place_one(tensor, block, header, file)
    return stored


def _place_one(tensor: RawTensor, block: BlockType, header: GgufHeader, file: MappedFile) -> Stored:
    columns = tensor.dimensions[0]
    if 0 in tensor.dimensions or columns % block.elements:
        raise file.damaged(
            f"the tensor {tensor.name} has the shape {tensor.dimensions} in {block.name} blocks"
        )
    if tensor.offset % header.alignment:
        raise file.damaged(f"the tensor {tensor.name} is not aligned")
    info = TensorInfo(tensor.name, tensor.dimensions[::-1], block.name)
    return Stored(
        info,
        block,
        start=header.data_start + tensor.offset,
        rows=info.size // columns,
        row_bytes=columns // block.elements * block.bytes,
    )
