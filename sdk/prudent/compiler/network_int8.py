"""A float32 convolutional network to static int8, with calibration inputs: statistics, biases, quantisers.

The steps are files of their own; this is their order. Knows no model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.bias_correction import correct_biases
from prudent.compiler.imported.graph import OnnxGraph
from prudent.compiler.imported.pixels import PIXEL_RANGE
from prudent.compiler.imported.quantizing import activations, fuse_relus, quantize
from prudent.compiler.network_statistics import network_statistics
from prudent.runtime.processor import preferred_kernels

KINDS: Final = frozenset({"Conv", "Add", "MaxPool"})

_FULL_LIMIT: Final = 127
_SUMMED_IN_16_BITS: Final = 64
"""x86 without byte dot products adds pairs of products in 16 bits: 255 * 64 * 2 still fits, 255 * 127 * 2
saturates, which cost 4 points of top-1."""


def quantize_network(
    graph: OnnxGraph, image: str, feeds: Iterable[dict[str, NDArray[np.uint8]]], scratch: Path
) -> tuple[OnnxGraph, dict[str, str]]:
    """The int8 graph, and what is stored as what; `image` is the float value that the pixels become.

    Activations that end a range (ReLU, ReLU6) disappear: the saturation of the bytes does the same. `graph`
    is left as it was.
    """
    made = _copy(graph)
    limits = _fuse_clips(made)
    fuse_relus(made)
    names = [name for name in activations(made, KINDS) if name != image]
    found = network_statistics(graph, names, feeds, scratch)
    limit = _SUMMED_IN_16_BITS if preferred_kernels() == "row" else _FULL_LIMIT
    correct_biases(made, found.means, limit)
    ranges = {name: (low, min(high, limits.get(name, high))) for name, (low, high) in found.ranges.items()}
    quantize(made, {**ranges, image: PIXEL_RANGE}, kinds=KINDS, weight_limit=limit)
    bits = "8 bits" if limit == _FULL_LIMIT else "7 bits (depthwise: 8)"
    return made, {
        "convolutions": f"int8, a scale for each channel, {bits}",
        "activations between them": "uint8, calibrated",
        "biases": "int32",
    }


def _copy(graph: OnnxGraph) -> OnnxGraph:
    operators = [
        replace(operator, inputs=[*operator.inputs], outputs=[*operator.outputs])
        for operator in graph.operators
    ]
    return OnnxGraph(operators, {**graph.weights}, {**graph.inputs}, {**graph.outputs}, graph.metadata)


def _fuse_clips(graph: OnnxGraph) -> dict[str, float]:
    """Drop every Clip from 0 that alone reads a convolution; gives the upper limit of each such value."""
    consumers, limits = graph.consumers(), dict[str, float]()
    for convolution in [operator for operator in graph.operators if operator.kind == "Conv"]:
        readers = consumers.get(convolution.output, [])
        if len(readers) != 1 or readers[0].kind != "Clip":
            continue
        least, greatest = (float(graph.weights[name]) for name in readers[0].inputs[1:])
        if least == 0.0:
            convolution.outputs = [readers[0].output]
            limits[convolution.output] = greatest
            graph.operators.remove(readers[0])
    return limits
