"""A whole decoder from a plan: the graph that prudent.runtime.artifact describes. Knows no session."""

from __future__ import annotations

from collections.abc import Callable

from prudent.compiler.graph.assembly import Assembly, Lowering
from prudent.compiler.graph.attention import Cache, attention
from prudent.compiler.graph.builder import GraphBuilder, WeightSink
from prudent.compiler.graph.feed_forward import feed_forward
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.normalization import Residual, residual_norm, rms_norm, vector
from prudent.compiler.graph.precision import Precision
from prudent.compiler.graph.rotary import RotaryTables
from prudent.compiler.graph.values import DType, Graph, Value
from prudent.compiler.plan import DecoderPlan, LayerPlan
from prudent.compiler.readers.weights import Weights


def decoder_graph(
    plan: DecoderPlan,
    weights: Weights,
    sink: WeightSink,
    precision: Precision,
    lowering: Lowering,
    on_layer: Callable[[LayerPlan], None],
) -> Graph:
    """Build the decoder; weights are read and sent to the sink as the graph grows.

    `on_layer` is called after each layer, while its tensors are what was read last.
    """
    graph = GraphBuilder(sink)
    ids = graph.input("input_ids", ("batch", "tokens"), DType.INT64)
    assembly = begin(
        graph, plan, weights, precision, lowering, batch="batch", positions=plan.config.context_length
    )
    rows = graph.input("logit_rows", ("rows",), DType.INT64)
    past = [cache_inputs(assembly, layer.index, "batch") for layer in plan.layers]
    residual = Residual(embedding(assembly, ids))
    present: list[Cache] = []
    for layer, before in zip(plan.layers, past, strict=True):
        wanted = rows if layer is plan.layers[-1] else None
        residual, after = decoder_layer(assembly, residual, layer, before, wanted)
        present.append(after)
        on_layer(layer)
    graph.output(head(assembly, residual))
    for cache in present:
        graph.output(cache.key)
        graph.output(cache.value)
    return graph.build()


def begin(
    graph: GraphBuilder,
    plan: DecoderPlan,
    weights: Weights,
    precision: Precision,
    lowering: Lowering,
    *,
    batch: str,
    positions: int,
) -> Assembly:
    """Declare the inputs that every layer uses."""
    return Assembly(
        graph,
        plan,
        weights,
        precision,
        lowering,
        RotaryTables(graph, weights, positions=positions, head_dim=plan.config.head_dim),
        seqlens_k=graph.input("seqlens_k", (batch,), DType.INT32),
        total_length=graph.input("total_length", (1,), DType.INT32),
    )


def cache_inputs(assembly: Assembly, layer: int, batch: str) -> Cache:
    """Declare a layer's past keys and values."""
    config = assembly.plan.config
    shape = (batch, config.kv_heads, "past", config.head_dim)
    return Cache(
        assembly.graph.input(f"past_key_{layer}", shape), assembly.graph.input(f"past_value_{layer}", shape)
    )


def embedding(assembly: Assembly, ids: Value) -> Value:
    """Token ids (batch, tokens) to hidden states (batch, tokens, hidden)."""
    matrix = Matrix(assembly.weights, (assembly.plan.embedding,))
    hidden = assembly.precision.embedding(assembly.graph, ids, matrix, "embedding")
    return _times(assembly.graph, hidden, assembly.plan.embedding_scale, "embedding.scaled")


def decoder_layer(
    assembly: Assembly, residual: Residual, layer: LayerPlan, past: Cache, rows: Value | None
) -> tuple[Residual, Cache]:
    """One layer. Where `rows` is given only those rows of the flattened tokens go on after the attention.

    Only the last layer may drop rows: nothing after it looks at the others, and a prompt needs one row of
    logits, so most of that layer's feed-forward need not be computed.
    """
    graph, epsilon, name = assembly.graph, assembly.plan.epsilon, f"layer_{layer.index}"
    plan = layer.attention
    weight = vector(graph, assembly.weights, plan.norm, f"{name}.attention_norm")
    normed, stream = residual_norm(graph, residual, weight, epsilon, f"{name}.attention_norm")
    present_names = (f"present_key_{layer.index}", f"present_value_{layer.index}")
    heads, present = attention(assembly, normed, plan, past, present_names, f"{name}.attention")
    if rows is not None:
        heads, stream = _select(graph, heads, rows), _select(graph, stream, rows)
    matrix = Matrix(assembly.weights, (plan.output,))
    mixed = assembly.precision.linear(graph, heads, matrix, f"{name}.attention.output")
    mixed = _post_norm(assembly, mixed, plan.post_norm, f"{name}.attention_post_norm")

    weight = vector(graph, assembly.weights, layer.feed_forward.norm, f"{name}.feed_forward_norm")
    after = Residual(stream, mixed)
    normed, stream = residual_norm(graph, after, weight, epsilon, f"{name}.feed_forward_norm")
    out = feed_forward(assembly, normed, layer.feed_forward, f"{name}.feed_forward")
    out = _post_norm(assembly, out, layer.feed_forward.post_norm, f"{name}.feed_forward_post_norm")
    return Residual(stream, out), present


def head(assembly: Assembly, residual: Residual) -> Value:
    """Logits (rows, vocab_size) of hidden states (rows, hidden)."""
    graph, plan = assembly.graph, assembly.plan
    weight = vector(graph, assembly.weights, plan.final_norm, "final_norm")
    normed, _ = residual_norm(graph, residual, weight, plan.epsilon, "final_norm")
    matrix = Matrix(assembly.weights, (plan.head,))
    cap = plan.logit_softcap
    if cap is None:
        return assembly.precision.linear(graph, normed, matrix, "logits")
    logits = assembly.precision.linear(graph, normed, matrix, "head")
    small = _times(graph, logits, 1.0 / cap, "head.small")
    (squashed,) = graph.node("Tanh", [small], [("head.squashed", small.shape)])
    return _times(graph, squashed, cap, "logits")


def _post_norm(assembly: Assembly, x: Value, tensor: str | None, name: str) -> Value:
    if tensor is None:
        return x
    weight = vector(assembly.graph, assembly.weights, tensor, name)
    return rms_norm(assembly.graph, x, weight, assembly.plan.epsilon, name)


def _select(graph: GraphBuilder, x: Value, rows: Value) -> Value:
    """Rows of x (batch, tokens, size) counted over all its tokens: (rows, size)."""
    size = x.shape[-1]
    dims = graph.constant(f"{x.name}.flat.shape", [-1, int(size)])
    (flat,) = graph.node("Reshape", [x, dims], [(f"{x.name}.flat", ("new_tokens", size))])
    return graph.node(
        "Gather", [flat, rows], [(f"{x.name}.rows", (*rows.shape, size))], attributes={"axis": 0}
    )[0]


def _times(graph: GraphBuilder, x: Value, factor: float, name: str) -> Value:
    if factor == 1.0:
        return x
    constant = graph.constant(f"{name}.factor", [factor], dtype=DType.FLOAT)
    return graph.node("Mul", [x, constant], [(name, x.shape)])[0]
