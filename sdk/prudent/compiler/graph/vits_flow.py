"""The flow of VITS run backwards, time first: frames (1, T, C) to the latents of a voice. Knows no storage.

Between couplings the original turns the order of all channels round. Here nothing moves: every second
coupling has its weights turned round instead, and works from the upper half of the channels on the lower
one.
"""

from __future__ import annotations

import numpy as np

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.time_convolution import TimeConvolutions
from prudent.compiler.graph.values import Value
from prudent.compiler.readers.piper import Coupling, Kernel


def flow_graph(graph: GraphBuilder, couplings: tuple[Coupling, ...], convolutions: TimeConvolutions) -> None:
    """Build it: frames (1, T, C) to latents (1, T, C). There is an even number of couplings."""
    half = couplings[0].before.weight.shape[1]
    frames = graph.input("frames", (1, "T", 2 * half))
    sizes = graph.constant("halves", [half, half])
    lower, upper = graph.node(
        "Split",
        [frames, sizes],
        [("lower", (1, "T", half)), ("upper", (1, "T", half))],
        attributes={"axis": 2},
    )
    for index, coupling in enumerate(couplings):
        layer = _Layer(graph, convolutions, f"flow.{index}")
        if index % 2 == 0:
            lower = layer.changed(_turned(coupling), upper, lower)
        else:
            upper = layer.changed(coupling, lower, upper)
    graph.output(graph.node("Concat", [lower, upper], [("latents", frames.shape)], attributes={"axis": 2})[0])


def flow_context(couplings: tuple[Coupling, ...]) -> int:
    """Frames on either side that a latent depends on."""
    return sum(
        kernel.reach
        for coupling in couplings
        for kernel in (coupling.before, *coupling.gates, *coupling.mixes, coupling.after)
    )


def _turned(coupling: Coupling) -> Coupling:
    """The coupling as it looks to channels in the opposite order."""
    before, after = coupling.before, coupling.after
    return Coupling(
        Kernel(before.weight[:, ::-1], before.bias, before.dilation),
        coupling.gates,
        coupling.mixes,
        Kernel(after.weight[::-1], after.bias[::-1], after.dilation),
    )


class _Layer:
    """One coupling under construction."""

    def __init__(self, graph: GraphBuilder, convolutions: TimeConvolutions, name: str) -> None:
        self._graph = graph
        self._convolutions = convolutions
        self._name = name

    def changed(self, coupling: Coupling, source: Value, target: Value) -> Value:
        """The target less what the coupling makes of the source."""
        hidden = self._convolve(source, coupling.before, "before")
        skipped: Value | None = None
        for index, (gate, mix) in enumerate(zip(coupling.gates, coupling.mixes, strict=True)):
            passed = self._gated(hidden, gate, f"gate.{index}")
            size = hidden.shape[-1]
            if mix.weight.shape[0] != size:
                carried, mix = _halves(mix)
                residual = self._convolve(passed, carried, f"carry.{index}")
                hidden = self._joined("Add", hidden, residual, f"hidden.{index}")
            skip = self._convolve(passed, mix, f"skip.{index}")
            skipped = skip if skipped is None else self._joined("Add", skipped, skip, f"skipped.{index}")
        after = self._convolve(skipped or hidden, coupling.after, "after")
        return self._joined("Sub", target, after, "changed")

    def _gated(self, hidden: Value, gate: Kernel, name: str) -> Value:
        content, opening = _halves(gate)
        value = self._convolve(hidden, content, f"{name}.content")
        door = self._convolve(hidden, opening, f"{name}.opening")
        (value,) = self._graph.node("Tanh", [value], [(f"{value.name}.tanh", value.shape)])
        (door,) = self._graph.node("Sigmoid", [door], [(f"{door.name}.sigmoid", door.shape)])
        return self._joined("Mul", value, door, name)

    def _convolve(self, x: Value, kernel: Kernel, name: str) -> Value:
        return self._convolutions.convolve(self._graph, x, kernel, f"{self._name}.{name}")

    def _joined(self, op: str, a: Value, b: Value, name: str) -> Value:
        return self._graph.node(op, [a, b], [(f"{self._name}.{name}", a.shape)])[0]


def _halves(kernel: Kernel) -> tuple[Kernel, Kernel]:
    """A kernel's first outputs and its last ones, so that nothing need be split when it runs."""
    weights, biases = np.split(kernel.weight, 2), np.split(kernel.bias, 2)
    first, last = (Kernel(w, b, kernel.dilation) for w, b in zip(weights, biases, strict=True))
    return first, last
