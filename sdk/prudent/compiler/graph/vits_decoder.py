"""The decoder of VITS (a HiFi-GAN): latents (1, T, C) to samples. Knows no storage.

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

_Convolve: TypeAlias = Callable[[Value, Kernel, str], Value]

_SLOPE = 0.1
_LAST_SLOPE = 0.01
"""Of the leaky ReLUs: everywhere, and before the last convolution. Constants of HiFi-GAN."""


def decoder_graph(graph: GraphBuilder, weights: VitsWeights, convolutions: TimeConvolutions) -> None:
    """Build it: latents (1, T, C) to samples (T * hop)."""
    latents = graph.input("latents", (1, "T", weights.first.weight.shape[1]))
    assembly = _Decoder(graph, convolutions)
    x = convolutions.convolve(graph, latents, weights.first, "first")
    divisor = 1
    for index, stage in enumerate(weights.stages[:-1]):
        x = assembly.stage(x, stage, divisor, index)
        divisor = len(stage.blocks)
    graph.output(assembly.last_stage(x, weights.stages[-1], divisor, weights.last))


def hop(weights: VitsWeights) -> int:
    """Samples that a frame becomes."""
    return math.prod(stage.upsampling.stride for stage in weights.stages)


def decoder_context(weights: VitsWeights) -> int:
    """Frames on either side that a frame's samples depend on."""
    reach = float(weights.last.reach)
    for stage in reversed(weights.stages):
        reach += max(sum(kernel.reach for kernel in block) for block in stage.blocks)
        reach = (reach + stage.upsampling.padding) / stage.upsampling.stride + 1
    return math.ceil(reach + weights.first.reach)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """The graph under construction. Leaky ReLUs let factors through, so that the division of a mean by the
    number of blocks goes into the weights of what follows: `divisor`.
    """

    graph: GraphBuilder
    convolutions: TimeConvolutions

    def stage(self, x: Value, stage: Stage, divisor: int, index: int) -> Value:
        """x (1, T, inputs) to the sum of the blocks (1, T * stride, outputs)."""
        name = f"decoder.{index}"
        up = stage.upsampling
        active = self.leaky(x, f"{name}.input")
        wide = self.convolutions.convolve(self.graph, active, _phases(up, divisor), f"{name}.up")
        outputs = up.weight.shape[1]
        shape = self.graph.constant(f"{name}.shape", [1, -1, outputs])
        (x,) = self.graph.node("Reshape", [wide, shape], [(name, (1, f"T{index}", outputs))])

        def convolve(y: Value, kernel: Kernel, part: str) -> Value:
            return self.convolutions.convolve(self.graph, y, kernel, part)

        return self._blocks(x, stage, name, convolve)

    def last_stage(self, x: Value, stage: Stage, divisor: int, last: Kernel) -> Value:
        """x (1, T, inputs) to samples."""
        up = stage.upsampling
        inputs, outputs, width = up.weight.shape
        active = self.leaky(x, "last.input")
        (turned,) = self.graph.node(
            "Transpose", [active], [("last.turned", (1, inputs, "T"))], attributes={"perm": [0, 2, 1]}
        )
        axis = self.graph.constant("last.axis", [2])
        (flat,) = self.graph.node("Unsqueeze", [turned, axis], [("last.flat", (1, inputs, 1, "T"))])
        (x,) = self.graph.node(
            "ConvTranspose",
            [flat, *self._stored(up.weight[:, :, None] / np.float32(divisor), up.bias, "last.up")],
            [("last", (1, outputs, 1, "S"))],
            attributes={
                "kernel_shape": [1, width],
                "strides": [1, up.stride],
                "pads": [0, up.padding, 0, up.padding],
            },
        )
        mean = self._blocks(x, stage, "last", self._flat_convolution)
        active = self.leaky(mean, "last.sum", slope=_LAST_SLOPE)
        final = Kernel(last.weight / np.float32(len(stage.blocks)), last.bias, last.dilation)
        wave = self._flat_convolution(active, final, "last.wave")
        shape = self.graph.constant("samples.shape", [-1])
        (wave,) = self.graph.node("Reshape", [wave, shape], [("wave", ("S",))])
        return self.graph.node("Tanh", [wave], [("samples", ("S",))])[0]

    def _blocks(self, x: Value, stage: Stage, name: str, convolve: _Convolve) -> Value:
        """The sum of the stage's blocks; what several of them begin with is made once."""
        active = self.leaky(x, f"{name}.up")
        total: Value | None = None
        for b, block in enumerate(stage.blocks):
            y, entering = x, active
            for c, kernel in enumerate(block):
                part = f"{name}.block.{b}.{c}"
                y = self._add(convolve(entering, kernel, part), y, f"{part}.sum")
                if c + 1 < len(block):
                    entering = self.leaky(y, part)
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

    def leaky(self, x: Value, name: str, *, slope: float = _SLOPE) -> Value:
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
