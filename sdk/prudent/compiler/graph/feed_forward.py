"""The gated feed-forward: down(activation(gate(x)) * up(x)). Knows neither attention nor residuals."""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.families.spec import Activation
from prudent.compiler.graph.assembly import Assembly
from prudent.compiler.graph.builder import CONTRIB, GraphBuilder
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.values import Attribute, Value
from prudent.compiler.plan import FeedForwardPlan

# QuickGelu is x * sigmoid(alpha * x): SiLU in one node; as fast as Sigmoid and Mul in two.
_ACTIVATIONS: Mapping[Activation, tuple[str, dict[str, Attribute]]] = {
    "silu": ("QuickGelu", {"alpha": 1.0}),
    "gelu_tanh": ("FastGelu", {}),
}


def feed_forward(assembly: Assembly, x: Value, plan: FeedForwardPlan, name: str) -> Value:
    """x (..., hidden) to (..., hidden)."""
    graph, size = assembly.graph, assembly.plan.feed_forward_size
    gate, up = _gate_and_up(assembly, x, plan, name)
    op, attributes = _ACTIVATIONS[assembly.plan.activation]
    (active,) = graph.node(
        op, [gate], [(f"{name}.active", gate.shape)], domain=CONTRIB, attributes=attributes
    )
    (product,) = graph.node("Mul", [active, up], [(f"{name}.product", (*x.shape[:-1], size))])
    return assembly.precision.linear(graph, product, Matrix(assembly.weights, (plan.down,)), f"{name}.down")


def _gate_and_up(assembly: Assembly, x: Value, plan: FeedForwardPlan, name: str) -> tuple[Value, Value]:
    graph, precision, weights = assembly.graph, assembly.precision, assembly.weights
    if assembly.lowering.fuse_gate_up:
        both = precision.linear(graph, x, Matrix(weights, (plan.gate, plan.up)), f"{name}.gate_up")
        return _halves(graph, both, assembly.plan.feed_forward_size, name)
    gate = precision.linear(graph, x, Matrix(weights, (plan.gate,)), f"{name}.gate")
    return gate, precision.linear(graph, x, Matrix(weights, (plan.up,)), f"{name}.up")


def _halves(graph: GraphBuilder, both: Value, size: int, name: str) -> tuple[Value, Value]:
    sizes = graph.constant(f"{name}.sizes", [size, size])
    shape = (*both.shape[:-1], size)
    gate, up = graph.node(
        "Split", [both, sizes], [(f"{name}.gate", shape), (f"{name}.up", shape)], attributes={"axis": -1}
    )
    return gate, up
