"""From the tensors of an EfficientNet-Lite state dict to its float32 graph, batch norms folded in.

The graph takes `image`, float32 (B, 3, S, S) from -1 to 1, and gives `features` (B, F) and `logits`
(B, classes). It knows nothing of int8 and of files of images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prudent.compiler.families.efficientnet_lite import (
    ACTIVATION_LIMIT,
    EPSILON,
    STEM_STRIDE,
    EfficientNetSpec,
)
from prudent.compiler.imported.graph import OnnxGraph, Operator
from prudent.compiler.readers.weights import FloatArray, Weights
from prudent.errors import UnsupportedModelError

IMAGE = "image"
FEATURES = "features"
LOGITS = "logits"

_FLOAT = np.dtype(np.float32)


def match_spec(weights: Weights, specs: Sequence[EfficientNetSpec]) -> EfficientNetSpec:
    """The network whose blocks have the widths that the tensors have.

    Raises:
        UnsupportedModelError: it is none of them.
    """
    found: list[int] = []
    while (name := f"_blocks.{len(found)}._project_conv.weight") in weights.tensors:
        found.append(weights.tensors[name].shape[0])
    for spec in specs:
        if list(spec.block_widths) == found:
            return spec
    raise UnsupportedModelError(
        f"The state dict is of no network that prudent knows ({len(found)} blocks)",
        hint=f"Known are {', '.join(spec.name for spec in specs)}.",
    )


def efficientnet_graph(weights: Weights, spec: EfficientNetSpec) -> OnnxGraph:
    """Build the network.

    Raises:
        UnsupportedModelError: a tensor is missing or has another shape.
        ModelFileError: values are not finite numbers.
    """
    return _Network(weights, spec).build()


class _Network:
    def __init__(self, weights: Weights, spec: EfficientNetSpec) -> None:
        self._weights = weights
        self._spec = spec
        self._size = spec.resolution
        size = spec.resolution
        self._graph = OnnxGraph([], {}, {IMAGE: (_FLOAT, ("batch", 3, size, size))}, {}, {})

    def build(self) -> OnnxGraph:
        spec = self._spec
        value = self._convolution("_conv_stem", "_bn0", IMAGE, stride=STEM_STRIDE, bounded=True)
        channels = self._graph.weights["_conv_stem.weight"].shape[0]
        for index, (width, stride) in enumerate(zip(spec.block_widths, spec.block_strides, strict=True)):
            value = self._block(
                f"_blocks.{index}.", value, stride=stride, skips=stride == 1 and width == channels
            )
            channels = width
        value = self._convolution("_conv_head", "_bn1", value, stride=1, bounded=True)
        self._classifier(value)
        return self._graph

    def _block(self, prefix: str, source: str, *, stride: int, skips: bool) -> str:
        value, norms = source, iter(("_bn0", "_bn1", "_bn2"))
        if f"{prefix}_expand_conv.weight" in self._weights.tensors:
            value = self._convolution(
                f"{prefix}_expand_conv", prefix + next(norms), value, stride=1, bounded=True
            )
        else:
            next(norms)
        value = self._convolution(
            f"{prefix}_depthwise_conv", prefix + next(norms), value, stride=stride, bounded=True
        )
        value = self._convolution(
            f"{prefix}_project_conv", prefix + next(norms), value, stride=1, bounded=False
        )
        return self._add("Add", [value, source], f"{prefix}sum") if skips else value

    def _convolution(self, name: str, norm: str, source: str, *, stride: int, bounded: bool) -> str:
        """A convolution with its batch norm folded in, and ReLU6 where it is bounded."""
        weight = self._read(f"{name}.weight", rank=4)
        gain = self._read(f"{norm}.weight") / np.sqrt(self._read(f"{norm}.running_var") + EPSILON)
        bias = self._read(f"{norm}.bias") - self._read(f"{norm}.running_mean") * gain
        kernel = weight.shape[-1]
        pads, self._size = same_padding(kernel, stride, self._size)
        inputs = [
            source,
            self._store(f"{name}.weight", weight * gain[:, None, None, None]),
            self._store(f"{name}.bias", bias),
        ]
        depthwise = weight.shape[1] == 1
        output = self._add(
            "Conv",
            inputs,
            f"{name}.linear" if bounded else name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=pads,
            group=weight.shape[0] if depthwise else 1,
        )
        if not bounded:
            return output
        low, high = self._store("zero", np.float32(0)), self._store("limit", np.float32(ACTIVATION_LIMIT))
        return self._add("Clip", [output, low, high], name)

    def _classifier(self, source: str) -> None:
        weight, bias = self._read("_fc.weight", rank=2), self._read("_fc.bias")
        pooled = self._add("GlobalAveragePool", [source], "pooled")
        features = self._add("Flatten", [pooled], FEATURES)
        product = self._add("MatMul", [features, self._store("_fc.weight", weight.T)], "product")
        self._add("Add", [product, self._store("_fc.bias", bias)], LOGITS)
        classes, size = weight.shape
        self._graph.outputs[LOGITS] = (_FLOAT, ("batch", classes))
        self._graph.outputs[FEATURES] = (_FLOAT, ("batch", size))

    def _read(self, name: str, rank: int = 1) -> FloatArray:
        info = self._weights.tensors.get(name)
        if info is None or len(info.shape) != rank:
            raise UnsupportedModelError(f"The state dict has no tensor {name} of {rank} dimensions.")
        return self._weights.read(name)

    def _store(self, name: str, values: Any) -> str:
        self._graph.weights[name] = np.ascontiguousarray(values, np.float32).reshape(np.shape(values))
        return name

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._graph.operators.append(Operator(kind, inputs, [output], attributes))
        return output


def same_padding(kernel: int, stride: int, size: int) -> tuple[list[int], int]:
    """TensorFlow's SAME: pads (top, left, bottom, right), the odd pixel at the end, and the size after."""
    made = -(-size // stride)
    total = max(0, (made - 1) * stride + kernel - size)
    before = total // 2
    return [before, before, total - before, total - before], made
