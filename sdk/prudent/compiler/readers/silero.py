"""The weights of a Silero voice activity detector out of its ONNX file. Knows no graph of ours.

The file holds one network for 8 kHz and one for 16 kHz, as the branches of an `If`; only the second is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnx.numpy_helper
from numpy.typing import NDArray

from prudent.errors import ModelFileError, UnsupportedModelError

_onnx = cast("Any", onnx)  # the package has partial hints
_numpy_helper = cast("Any", onnx.numpy_helper)

SHAPES: dict[str, tuple[int, ...]] = {
    "stft.forward_basis_buffer": (258, 1, 256),
    "encoder.0.reparam_conv.weight": (128, 129, 3),
    "encoder.0.reparam_conv.bias": (128,),
    "encoder.1.reparam_conv.weight": (64, 128, 3),
    "encoder.1.reparam_conv.bias": (64,),
    "encoder.2.reparam_conv.weight": (64, 64, 3),
    "encoder.2.reparam_conv.bias": (64,),
    "encoder.3.reparam_conv.weight": (128, 64, 3),
    "encoder.3.reparam_conv.bias": (128,),
    "decoder.rnn.weight_ih": (512, 128),
    "decoder.rnn.weight_hh": (512, 128),
    "decoder.rnn.bias_ih": (512,),
    "decoder.rnn.bias_hh": (512,),
    "decoder.decoder.2.weight": (1, 128, 1),
    "decoder.decoder.2.bias": (1,),
}
"""The network's tensors by PyTorch's names; the same since version 5."""

_LONGEST_BYTES = 64 * 2**20


def read_silero(file: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of `SHAPES`.

    Raises:
        ModelFileError: the file is damaged.
        UnsupportedModelError: it is not a Silero detector of a version that is known.
    """
    if file.stat().st_size > _LONGEST_BYTES:
        raise UnsupportedModelError(f"{file.name} is too large to be a voice activity detector.")
    try:
        model = _onnx.load(str(file), load_external_data=False)
    except Exception as error:  # protobuf's errors have no common root
        raise ModelFileError(f"{file.name} is not an ONNX file: it is damaged or cut short.") from error
    found: dict[str, NDArray[np.float32]] = {}
    for name, tensor in _constants(model.graph):
        known = next((known for known in SHAPES if name.endswith(known)), None)
        if known is not None and tuple(tensor.dims) == SHAPES[known]:
            found[known] = cast("NDArray[Any]", _numpy_helper.to_array(tensor)).astype(np.float32)
    missing = SHAPES.keys() - found.keys()
    if missing:
        raise UnsupportedModelError(
            f"{file.name} is not a Silero detector that prudent knows: it lacks {min(missing)}."
        )
    return found


def _constants(graph: Any) -> Iterator[tuple[str, Any]]:
    """Every tensor that the graph or a branch in it holds, by name."""
    for tensor in graph.initializer:
        yield str(tensor.name), tensor
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _constants(attribute.g)
            elif node.op_type == "Constant" and attribute.HasField("t"):
                yield str(node.output[0]), attribute.t
