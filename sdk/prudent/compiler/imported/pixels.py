"""The beginning of a graph for images: bytes go in as they are, and the first convolution does the rest.

Normalising (p - mean) / deviation of each channel, and the order of the channels, become part of that
convolution's weights and bias. Only at the very edge of the image does this differ, by less than half a
level: the convolution pads with a whole level and not with the channel's mean.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from prudent.compiler.imported.graph import OnnxGraph, Operator
from prudent.compiler.imported.quantizing import Range
from prudent.errors import UnsupportedModelError

PIXELS: Final = "pixels"
ZERO_LEVEL: Final = 127
"""The level that stands for zero; callers pad with it."""

PIXEL_RANGE: Final[Range] = (-float(ZERO_LEVEL), float(255 - ZERO_LEVEL))


def take_pixels(
    graph: OnnxGraph, *, mean: float | tuple[float, float, float], deviation: float, reverse: bool
) -> str:
    """Make the input uint8 (B, 3, H, W) `pixels`; gives the name of the float value that it becomes.

    `mean` and `deviation` are in levels (0-255), a mean for each channel red first. With `reverse` the
    network wants blue first and gets red first.

    Raises:
        UnsupportedModelError: something other than convolutions reads the input.
    """
    name, (_, shape) = next(iter(graph.inputs.items()))
    readers = graph.consumers()[name]
    if any(reader.kind != "Conv" or reader.inputs[1] not in graph.weights for reader in readers):
        raise UnsupportedModelError("Something other than a convolution reads the model's image.")
    for reader in readers:
        weight = graph.weights[reader.inputs[1]] / np.float32(deviation)
        if reverse:
            weight = np.ascontiguousarray(weight[:, ::-1])
        has_bias = len(reader.inputs) > 2
        bias = graph.weights[reader.inputs[2]] if has_bias else np.zeros(len(weight), np.float32)
        shift = np.broadcast_to(np.float32(ZERO_LEVEL) - np.asarray(mean, np.float32), weight.shape[1])
        shifted = bias + weight.sum(axis=(2, 3)) @ shift
        graph.weights[f"{PIXELS}/{reader.output}/weight"] = weight.astype(np.float32)
        graph.weights[f"{PIXELS}/{reader.output}/bias"] = shifted.astype(np.float32)
        suffixes = ("weight", "bias")
        reader.inputs = [name, *(f"{PIXELS}/{reader.output}/{suffix}" for suffix in suffixes)]
    graph.weights[f"{PIXELS}/scale"] = np.array(1.0, np.float32)
    graph.weights[f"{PIXELS}/zero"] = np.array(ZERO_LEVEL, np.uint8)
    inputs = [PIXELS, f"{PIXELS}/scale", f"{PIXELS}/zero"]
    graph.operators.insert(0, Operator("DequantizeLinear", inputs, [name]))
    graph.inputs = {PIXELS: (np.dtype(np.uint8), shape)}
    graph.drop_unused()
    return name
