"""Open an E5S1 file as Weights: multilingual-e5 in float32 vectors and 4-bit blocks.

The format names tensors and counts their elements, and gives no shapes: those follow from the names and the
header's dimensions, so this is where a name means a shape. What is computed with them it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prudent.compiler.readers.e5s1_header import E5Header, RawTensor, read_header
from prudent.compiler.readers.gguf_blocks import BlockType, block_type
from prudent.compiler.readers.mapped_file import MappedFile, Stored
from prudent.compiler.readers.mapped_weights import Located, MappedWeights
from prudent.compiler.readers.weights import TensorInfo
from prudent.errors import UnsupportedModelError

_GGUF_KINDS: Mapping[int, int] = {0: 0, 1: 2}
"""The file's kinds as GGUF's block types: float32 is F32, and its blocks are to the bit GGUF's Q4_0 (a
float16 scale, then 16 bytes whose low nibbles are the first 16 weights; a weight is (q - 8) * scale)."""

_MODEL_SHAPES: Mapping[str, tuple[str, ...]] = {
    "emb.word": ("vocab_size", "embedding_length"),
    "emb.pos": ("context_length", "embedding_length"),
    "emb.type": ("token_type_count", "embedding_length"),
    "emb.ln.w": ("embedding_length",),
    "emb.ln.b": ("embedding_length",),
}
_LAYER_SHAPES: Mapping[str, tuple[str, ...]] = {
    "q": ("embedding_length", "embedding_length"),
    "k": ("embedding_length", "embedding_length"),
    "v": ("embedding_length", "embedding_length"),
    "ao": ("embedding_length", "embedding_length"),
    "fi": ("feed_forward_length", "embedding_length"),
    "fo": ("embedding_length", "feed_forward_length"),
    "aln": ("embedding_length",),
    "oln": ("embedding_length",),
}


class E5Weights(MappedWeights):
    """An open E5S1 file (see `Weights`): dimensions under `e5.`, vocabulary under `tokenizer.unigram.`."""

    def __init__(self, path: Path) -> None:
        """Map the file and check its header and every tensor's place and shape.

        Raises:
            ModelFileError: the file is truncated, inconsistent or cannot be opened.
            UnsupportedModelError: a version, kind of block or tensor that prudent does not read.
        """
        super().__init__(path, _locate)


def _locate(file: MappedFile) -> Located:
    with file.view() as view:
        header = read_header(view, file.name)
    return header.metadata, {tensor.name: _place(tensor, header, file) for tensor in header.tensors}


def _place(tensor: RawTensor, header: E5Header, file: MappedFile) -> Stored:
    shape = _shape(tensor.name, header, file.name)
    block = _block(tensor, header, file)
    info = TensorInfo(tensor.name, shape, block.name)
    columns = shape[-1]
    if info.size != tensor.elements or not info.size or columns % block.elements:
        raise file.damaged(
            f"the tensor {tensor.name} has {tensor.elements:,} elements where {shape} is wanted"
        )
    rows, row_bytes = info.size // columns, columns // block.elements * block.bytes
    if tensor.bytes != rows * row_bytes:
        raise file.damaged(f"the tensor {tensor.name} has {tensor.bytes:,} bytes for {shape}")
    if tensor.offset < header.end:
        raise file.damaged(f"the tensor {tensor.name} begins inside the header")
    return Stored(info, block, tensor.offset, rows, row_bytes)


def _block(tensor: RawTensor, header: E5Header, file: MappedFile) -> BlockType:
    kind = _GGUF_KINDS.get(tensor.kind)
    block = None if kind is None else block_type(kind)
    if block is None:
        raise UnsupportedModelError(
            f"{file.name}: prudent cannot read kind {tensor.kind} of the tensor {tensor.name}."
        )
    if block.elements not in (1, header.block):
        raise UnsupportedModelError(
            f"{file.name} has blocks of {header.block}; blocks of {block.elements} are read."
        )
    return block


def _shape(name: str, header: E5Header, file_name: str) -> tuple[int, ...]:
    """Outermost first. A bias is as long as its matrix has rows."""
    keys = _MODEL_SHAPES.get(name) or _layer_shape(name, header)
    if keys is None:
        raise UnsupportedModelError(f"{file_name}: the tensor {name[:80]!r} is not one that prudent knows.")
    return tuple(header.dimensions[key] for key in keys)


def _layer_shape(name: str, header: E5Header) -> tuple[str, ...] | None:
    layer, _, rest = name.partition(".")
    part, _, role = rest.partition(".")
    number = layer.removeprefix("l")
    shape = _LAYER_SHAPES.get(part)
    if (
        number not in map(str, range(header.dimensions["block_count"]))
        or shape is None
        or role not in ("w", "b")
    ):
        return None
    return shape if role == "w" else shape[:1]
