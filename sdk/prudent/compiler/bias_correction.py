"""Rounding weights to bytes shifts the mean of every output channel: take the shift off the bias.

The shift is the rounding error of the weights times the mean of the inputs: Nagel et al., "Data-free
quantization through weight equalization and bias correction" (2019), with measured means. It changes a float
graph that is about to be quantised and knows nothing of ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from prudent.compiler.imported.graph import OnnxGraph
from prudent.compiler.imported.quantizing import limit_of
from prudent.compiler.readers.weights import FloatArray

_LEAST_SCALE: Final = 1e-12
_CORRECTED: Final = "/corrected"


def correct_biases(graph: OnnxGraph, means: Mapping[str, FloatArray], weight_limit: int) -> None:
    """Correct every convolution of constant weights that has a bias, and a mean for its input."""
    for operator in graph.operators:
        if operator.kind != "Conv" or len(operator.inputs) < 3 or operator.inputs[0] not in means:
            continue
        weight, bias = (graph.weights[name] for name in operator.inputs[1:])
        limit = limit_of(operator.kind, weight, weight_limit)
        scale = np.maximum(np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / limit, _LEAST_SCALE)
        error = (np.rint(weight / scale) * scale - weight).sum(axis=(2, 3))
        groups = int(operator.attributes.get("group", 1))
        outputs, inputs = error.shape
        by_group = means[operator.inputs[0]].reshape(groups, inputs)
        shift = np.einsum("goi,gi->go", error.reshape(groups, outputs // groups, inputs), by_group)
        name = f"{operator.inputs[2]}{_CORRECTED}"
        graph.weights[name] = (bias - shift.reshape(-1)).astype(np.float32)
        operator.inputs[2] = name
