"""The decoder of VITS (a HiFi-GAN), latents to samples, as one graph for each stage. Knows no storage.

A stage that makes eight steps of one has an eighth of the context, and eight times the values: apart, each
can run over as much as fits the processor's cache, and what is computed twice at the seams stays small.

All stages but the last run time first, as products that may be int8. The last one, where a second has most
values and the noise of bytes would be heard in pauses, runs channels first in float32, as convolutions of
height 1: for two dimensions ONNX Runtime has blocked kernels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.time_convolution import TimeConvolutions
from prudent.compiler.graph.values import DType, Value
from prudent.compiler.readers.piper import FloatArray, Kernel, Stage, Upsampling, VitsWeights

FIRST = "first"
"""The name of the first convolution."""

_Convolve: TypeAlias = Callable[[Value, Kernel, str], Value]

_SLOPE = 0.1
_LAST_SLOPE = 0.01
"""Of the leaky ReLUs: everywhere, and before the last convolution. Constants of HiFi-GAN."""


def stage_graph(
    graph: GraphBuilder, weights: VitsWeights, index: int, convolutions: TimeConvolutions
) -> None:
    """Build one stage: `input` (1, T, C) to `output` (1, T * stride, C'), of the last stage samples (T *
    stride).

    The first begins with latents; between stages leaky ReLUs let factors through, so that the division of a
    mean by the number of blocks goes into the weights of what follows.
    """
    stage, is_last = weights.stages[index], index + 1 == len(weights.stages)
    assembly = _Stage(graph, convolutions, stage, len(weights.stages[index - 1].blocks) if index else 1)
    if index:
        x = graph.input("input", (1, "T", stage.upsampling.weight.shape[0]))
    else:
        latents = graph.input("input", (1, "T", weights.first.weight.shape[1]))
        x = convolutions.convolve(graph, latents, weights.first, FIRST)
    graph.output(assembly.last(x, weights.last) if is_last else assembly.inner(x, f"decoder.{index}"))


def stage_context(weights: VitsWeights, index: int) -> int:
    """Inputs of a stage on either side that what an input becomes depends on."""
    stage, up = weights.stages[index], weights.stages[index].upsampling
    reach = max(sum(kernel.reach for kernel in block) for block in stage.blocks)
    if index + 1 == len(weights.stages):
        reach += weights.last.reach
    inputs = math.ceil((reach + up.padding) / up.stride) + 1
    return inputs if index else inputs + weights.first.reach


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage under construction; `divisor` is what the stage before left to be divided by."""

    graph: GraphBuilder
    convolutions: TimeConvolutions
    stage: Stage
    divisor: int

    def inner(self, x: Value, name: str) -> Value:
        """x (1, T, inputs) to the sum of the blocks (1, T * stride, outputs), time first."""
        up = self.stage.upsampling
        active = self._leaky(x, f"{name}.input")
        wide = self.convolutions.convolve(self.graph, active, _phases(up, self.divisor), f"{name}.up")
        outputs = up.weight.shape[1]
        shape = self.graph.constant(f"{name}.shape", [1, -1, outputs])
        (x,) = self.graph.node("Reshape", [wide, shape], [(name, (1, "S", outputs))])

        def convolve(y: Value, kernel: Kernel, part: str) -> Value:
            return self.convolutions.convolve(self.graph, y, kernel, part)

        return self.graph.node("Identity", [self._blocks(x, name, convolve)], [("output", x.shape)])[0]

    def last(self, x: Value, last: Kernel) -> Value:
        """x (1, T, inputs) to samples (T * stride), channels first."""
        up = self.stage.upsampling
        inputs, outputs, width = up.weight.shape
        active = self._leaky(x, "last.input")
        (turned,) = self.graph.node(
            "Transpose", [active], [("last.turned", (1, inputs, "T"))], attributes={"perm": [0, 2, 1]}
        )
        axis = self.graph.constant("last.axis", [2])
        (flat,) = self.graph.node("Unsqueeze", [turned, axis], [("last.flat", (1, inputs, 1, "T"))])
        (x,) = self.graph.node(
            "ConvTranspose",
            [flat, *self._stored(up.weight[:, :, None] / np.float32(self.divisor), up.bias, "last.up")],
            [("last", (1, outputs, 1, "S"))],
            attributes={
                "kernel_shape": [1, width],
                "strides": [1, up.stride],
                "pads": [0, up.padding, 0, up.padding],
            },
        )
        active = self._leaky(self._blocks(x, "last", self._flat_convolution), "last.sum", slope=_LAST_SLOPE)
        final = Kernel(last.weight / np.float32(len(self.stage.blocks)), last.bias, last.dilation)
        wave = self._flat_convolution(active, final, "last.wave")
        shape = self.graph.constant("samples.shape", [-1])
        (wave,) = self.graph.node("Reshape", [wave, shape], [("wave", ("S",))])
        return self.graph.node("Tanh", [wave], [("output", ("S",))])[0]

    def _blocks(self, x: Value, name: str, convolve: _Convolve) -> Value:
        """The sum of the stage's blocks; what several of them begin with is made once."""
        active = self._leaky(x, f"{name}.up")
        total: Value | None = None
        for b, block in enumerate(self.stage.blocks):
            y, entering = x, active
            for c, kernel in enumerate(block):
                part = f"{name}.block.{b}.{c}"
                y = self._add(convolve(entering, kernel, part), y, f"{part}.sum")
                if c + 1 < len(block):
                    entering = self._leaky(y, part)
            total = y if total is None else self._add(total, y, f"{name}.block.{b}.total")
        return total or x

    def _flat_convolution(self, x: Value, kernel: Kernel, name: str) -> Value:
        """A convolution of height 1, channels first."""
        outputs, _, width = kernel.weight.shape
        return self.graph.node(
            "Conv",
            [x, *self._stored(kernel.weight[:, :, None], kernel.bias, name)],
            [(name, (1, outputs, 1, "S"))],
            attributes={
                "kernel_shape": [1, width],
                "dilations": [1, kernel.dilation],
                "pads": [0, kernel.reach, 0, kernel.reach],
            },
        )[0]

    def _leaky(self, x: Value, name: str, *, slope: float = _SLOPE) -> Value:
        """A leaky ReLU."""
        return self.graph.node("LeakyRelu", [x], [(f"{name}.active", x.shape)], attributes={"alpha": slope})[
            0
        ]

    def _add(self, a: Value, b: Value, name: str) -> Value:
        return self.graph.node("Add", [a, b], [(name, a.shape)])[0]

    def _stored(self, weight: FloatArray, bias: FloatArray, name: str) -> tuple[Value, Value]:
        return (
            self.graph.weight(f"{name}.weight", weight.shape, DType.FLOAT, [weight]),
            self.graph.weight(f"{name}.bias", bias.shape, DType.FLOAT, [bias]),
        )


def _phases(up: Upsampling, divisor: int) -> Kernel:
    """A transposed convolution as one that makes the `stride` outputs of an input side by side.

    Output q * stride + r is the sum over inputs q - d of their product with tap r + padding + d * stride; the
    width is no more than three strides, so that d is one of -1, 0, 1.
    """
    inputs, outputs, width = up.weight.shape
    weight = np.zeros((up.stride, outputs, inputs, 3), np.float32)
    for phase in range(up.stride):
        for shift in (-1, 0, 1):
            tap = phase + up.padding - shift * up.stride
            if 0 <= tap < width:
                weight[phase, :, :, shift + 1] = up.weight[:, :, tap].T / divisor
    return Kernel(weight.reshape(up.stride * outputs, inputs, 3), np.tile(up.bias, up.stride))
