"""Which values the inputs of a graph's convolutions take, seen while the graph runs in float32. Knows no
voice."""

from __future__ import annotations

from collections.abc import Sequence

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.time_convolution import FloatConvolutions, Range
from prudent.compiler.graph.values import Value
from prudent.compiler.readers.piper import FloatArray
from prudent.runtime.session import Session


class ObservedConvolutions(FloatConvolutions):
    """Float32 kernels in a graph that tells the lowest and the highest value of each one's input as well."""

    def watch(self, graph: GraphBuilder) -> None:
        """Add those outputs, when all convolutions are there."""
        for x in {x.name: x for x in self.inputs.values()}.values():
            for op in ("ReduceMin", "ReduceMax"):
                attributes = {"keepdims": 0}
                (extreme,) = graph.node(op, [x], [(_extreme(x, op), ())], attributes=attributes)
                graph.output(extreme)

    def run(
        self, session: Session, given: str, arrays: Sequence[FloatArray], wanted: str
    ) -> tuple[list[FloatArray], dict[str, Range]]:
        """The output `wanted` for each array, and the range of each kernel's input over all of them."""
        made: list[FloatArray] = []
        seen: dict[str, Range] = {}
        for array in arrays:
            outputs = dict(zip(session.outputs, session.run({given: array}), strict=True))
            made.append(outputs[wanted])
            for name, x in self.inputs.items():
                lowest, highest = (float(outputs[_extreme(x, op)]) for op in ("ReduceMin", "ReduceMax"))
                before = seen.get(name, Range(0.0, 0.0))
                seen[name] = Range(min(before.lowest, lowest), max(before.highest, highest))
        return made, seen


def _extreme(x: Value, op: str) -> str:
    return f"{x.name}.{op}"
