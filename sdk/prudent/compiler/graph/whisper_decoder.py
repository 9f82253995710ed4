"""Whisper's decoder as a graph (see prudent.runtime.transcriber_artifact): tokens in, logits out.

The cache of past tokens is updated in place; keys and values of the sound come in as they left the encoder.
Knows no session and no rules of decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prudent.compiler.graph.attention import Cache
from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, WeightSink
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.normalization import Residual
from prudent.compiler.graph.precision import Precision
from prudent.compiler.graph.values import DType, Graph, Value
from prudent.compiler.graph.whisper_parts import WhisperAssembly
from prudent.compiler.readers.weights import Weights
from prudent.compiler.transcriber_plan import SelfAttention, TextLayer, TranscriberPlan
from prudent.runtime.transcriber_artifact import AlignmentHead


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What all layers read."""

    seqlens_k: Value
    total_length: Value
    bias: Value


def whisper_decoder_graph(
    plan: TranscriberPlan,
    weights: Weights,
    sink: WeightSink,
    precision: Precision,
    alignment_heads: Sequence[AlignmentHead],
    on_layer: Callable[[int], None],
) -> Graph:
    """Build the decoder; `on_layer` is told the number of layers done."""
    graph = GraphBuilder(sink)
    assembly = WhisperAssembly(graph, plan, weights, precision)
    ids = graph.input("token_ids", ("batch", "tokens"), DType.INT64)
    positions = graph.input("positions", ("batch", "tokens"), DType.INT64)
    inputs = _Inputs(
        graph.input("seqlens_k", ("batch",), DType.INT32),
        graph.input("total_length", (1,), DType.INT32),
        _spread(graph, graph.input("cross_bias", ("batch", 1, 1, "sound")), ids),
    )
    rows = graph.input("logit_rows", ("rows",), DType.INT64)
    words = precision.embedding(graph, ids, Matrix(weights, (plan.embedding,)), "words")
    table = assembly.stored(plan.text_positions, "positions.table")
    (places,) = graph.node("Gather", [table, positions], [("places", words.shape)])
    (x,) = graph.node("Add", [words, places], [("words.placed", words.shape)])
    residual, present, queries = Residual(x), list[Cache](), list[Value]()
    for layer in plan.text_layers:
        residual, cache, query = _layer(assembly, residual, layer, inputs)
        present.append(cache)
        queries += _aligned(assembly, query, layer.index, alignment_heads)
        on_layer(layer.index + 1)
    graph.output(_head(assembly, residual, rows))
    wanted = ("batch", "tokens", len(alignment_heads), plan.head_dim)
    graph.output(graph.node("Concat", queries, [("alignment_queries", wanted)], attributes={"axis": 2})[0])
    for cache in present:
        graph.output(cache.key)
        graph.output(cache.value)
    return graph.build()


def _spread(graph: GraphBuilder, bias: Value, ids: Value) -> Value:
    """The bias for every new token: (B, 1, N, C)."""
    (count,) = graph.node(
        "Shape", [ids], [("count", (1,))], attributes={"start": 1, "end": 2}, dtype=DType.INT64
    )
    one = graph.constant("one", [1])
    (shape,) = graph.node(
        "Concat", [one, one, count, one], [("bias.shape", (4,))], attributes={"axis": 0}, dtype=DType.INT64
    )
    return graph.node("Expand", [bias, shape], [("bias", ("batch", 1, "tokens", "sound"))])[0]


def _layer(
    assembly: WhisperAssembly, residual: Residual, layer: TextLayer, inputs: _Inputs
) -> tuple[Residual, Cache, Value]:
    name = f"layer_{layer.index}"
    mixed, stream, cache = _self_attention(assembly, residual, layer.attention, layer.index, inputs)
    residual = Residual(stream, mixed)
    mixed, stream, query = _cross_attention(assembly, residual, layer, inputs)
    residual = assembly.feed_forward(Residual(stream, mixed), layer.feed_forward, f"{name}.feed_forward")
    return residual, cache, query


def _self_attention(
    assembly: WhisperAssembly, residual: Residual, plan: SelfAttention, index: int, inputs: _Inputs
) -> tuple[Value, Value, Cache]:
    """Attention to the tokens so far; gives its output, the residual stream and the cache."""
    graph, sizes, name = assembly.graph, assembly.plan, f"layer_{index}.attention"
    normed, stream = assembly.norm(residual, plan.norm, f"{name}.norm")
    packed = assembly.linear(normed, plan.packed, f"{name}.packed")
    shape = ("batch", sizes.heads, "past", sizes.head_dim)
    past = Cache(graph.input(f"past_key_{index}", shape), graph.input(f"past_value_{index}", shape))
    heads, key, value = graph.node(
        "GroupQueryAttention",
        [packed, None, None, past.key, past.value, inputs.seqlens_k, inputs.total_length],
        [
            (f"{name}.heads", (*packed.shape[:-1], sizes.hidden_size)),
            (f"present_key_{index}", shape),
            (f"present_value_{index}", shape),
        ],
        domain=CONTRIB,
        attributes={"num_heads": sizes.heads, "kv_num_heads": sizes.heads},
    )
    return assembly.linear(heads, plan.output, f"{name}.output"), stream, Cache(key, value)


def _cross_attention(
    assembly: WhisperAssembly, residual: Residual, layer: TextLayer, inputs: _Inputs
) -> tuple[Value, Value, Value]:
    """Attention to the sound; gives its output, the residual stream and the queries."""
    graph, sizes, name = assembly.graph, assembly.plan, f"layer_{layer.index}.cross"
    normed, stream = assembly.norm(residual, layer.cross.norm, f"{name}.norm")
    query = assembly.linear(normed, layer.cross.query, f"{name}.query")
    shape = ("batch", sizes.heads, "sound", sizes.head_dim)
    key = graph.input(f"cross_key_{layer.index}", shape)
    value = graph.input(f"cross_value_{layer.index}", shape)
    (heads,) = graph.node(
        "MultiHeadAttention",
        [query, key, value, None, None, inputs.bias],
        [(f"{name}.heads", query.shape)],
        domain=CONTRIB,
        attributes={"num_heads": sizes.heads},
    )
    return assembly.linear(heads, layer.cross.output, f"{name}.output"), stream, query


def _aligned(
    assembly: WhisperAssembly, query: Value, index: int, alignment_heads: Sequence[AlignmentHead]
) -> list[Value]:
    """The queries of a layer's alignment heads, one list entry or none: (B, N, heads, head_dim)."""
    graph, sizes = assembly.graph, assembly.plan
    wanted = [head.head for head in alignment_heads if head.layer == index]
    if not wanted:
        return []
    name = f"layer_{index}.alignment"
    split = graph.constant(f"{name}.split", [0, 0, sizes.heads, sizes.head_dim])
    (heads,) = graph.node(
        "Reshape", [query, split], [(f"{name}.all", (*query.shape[:-1], sizes.heads, sizes.head_dim))]
    )
    chosen = graph.constant(f"{name}.chosen", wanted)
    shape = (*query.shape[:-1], len(wanted), sizes.head_dim)
    return list(graph.node("Gather", [heads, chosen], [(name, shape)], attributes={"axis": 2}))


def _head(assembly: WhisperAssembly, residual: Residual, rows: Value) -> Value:
    """Logits (Q, vocab_size) of the wanted tokens."""
    graph, hidden = assembly.graph, assembly.plan.hidden_size
    normed, _ = assembly.norm(residual, assembly.plan.text_norm, "norm")
    flat_shape = graph.constant("norm.flat.shape", [-1, hidden])
    (flat,) = graph.node("Reshape", [normed, flat_shape], [("norm.flat", ("new_tokens", hidden))])
    (wanted,) = graph.node("Gather", [flat, rows], [("norm.rows", ("rows", hidden))], attributes={"axis": 0})
    matrix = Matrix(assembly.weights, (assembly.plan.embedding,))
    return assembly.precision.linear(graph, wanted, matrix, "logits")
