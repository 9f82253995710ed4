"""One layer's attention, from normed hidden states to its heads: projections, norms, rotation, cache.

Knows neither the residual stream nor the feed-forward.
"""

from __future__ import annotations

from dataclasses import dataclass

from prudent.compiler.graph.assembly import Assembly
from prudent.compiler.graph.builder import CONTRIB, GraphBuilder
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.normalization import rms_norm, vector
from prudent.compiler.graph.values import Attribute, Shape, Value
from prudent.compiler.plan import AttentionPlan


@dataclass(frozen=True, slots=True)
class Cache:
    """A layer's keys and values, float32 (batch, kv_heads, length, head_dim) each."""

    key: Value
    value: Value


def attention(
    assembly: Assembly, x: Value, plan: AttentionPlan, past: Cache, present: tuple[str, str], name: str
) -> tuple[Value, Cache]:
    """Heads (batch, tokens, heads * head_dim) for x (batch, tokens, hidden), and the cache after them.

    `present` are the names of the new cache's values.
    """
    graph, config = assembly.graph, assembly.plan.config
    matrix = Matrix(assembly.weights, (plan.query, plan.key, plan.value), plan.biases or ())
    packed = assembly.precision.linear(graph, x, matrix, f"{name}.qkv")
    query, key, value = packed, None, None
    if plan.query_norm is not None and plan.key_norm is not None:
        query, key, value = _split(assembly, packed, name)
        query = _head_norm(assembly, query, plan.query_norm, config.heads, f"{name}.query_norm")
        key = _head_norm(assembly, key, plan.key_norm, config.kv_heads, f"{name}.key_norm")
    cos, sin = assembly.rotary.get(plan.rope)
    attributes: dict[str, Attribute] = {
        "num_heads": config.heads,
        "kv_num_heads": config.kv_heads,
        "do_rotary": 1,
        "rotary_interleaved": int(plan.rope.layout == "interleaved"),
    }
    if plan.window is not None:
        attributes["local_window_size"] = plan.window
    if assembly.plan.attention_softcap is not None:
        attributes["softcap"] = assembly.plan.attention_softcap
    cache_shape: Shape = (past.key.shape[0], config.kv_heads, "length", config.head_dim)
    heads, present_key, present_value = graph.node(
        "GroupQueryAttention",
        [query, key, value, past.key, past.value, assembly.seqlens_k, assembly.total_length, cos, sin],
        [
            (f"{name}.heads", (*x.shape[:-1], config.heads * config.head_dim)),
            (present[0], cache_shape),
            (present[1], cache_shape),
        ],
        domain=CONTRIB,
        attributes=attributes,
    )
    return heads, Cache(present_key, present_value)


def _split(assembly: Assembly, packed: Value, name: str) -> tuple[Value, Value, Value]:
    """Queries, keys and values apart: the CPU kernel has no norm of q and k inside."""
    config = assembly.plan.config
    query_size, kv_size = config.heads * config.head_dim, config.kv_heads * config.head_dim
    sizes = assembly.graph.constant(f"{name}.sizes", [query_size, kv_size, kv_size])
    leading = packed.shape[:-1]
    query, key, value = assembly.graph.node(
        "Split",
        [packed, sizes],
        [
            (f"{name}.query", (*leading, query_size)),
            (f"{name}.key", (*leading, kv_size)),
            (f"{name}.value", (*leading, kv_size)),
        ],
        attributes={"axis": -1},
    )
    return query, key, value


def _head_norm(assembly: Assembly, x: Value, tensor: str, heads: int, name: str) -> Value:
    """The RMS norm of every head by itself: x (batch, tokens, heads * head_dim)."""
    graph, head_dim = assembly.graph, assembly.plan.config.head_dim
    apart = _reshape(graph, x, (*x.shape[:-1], heads, head_dim), [0, 0, heads, head_dim], f"{name}.apart")
    weight = vector(graph, assembly.weights, tensor, name)
    normed = rms_norm(graph, apart, weight, assembly.plan.epsilon, f"{name}.normed")
    return _reshape(graph, normed, x.shape, [0, 0, heads * head_dim], name)


def _reshape(graph: GraphBuilder, x: Value, shape: Shape, dims: list[int], name: str) -> Value:
    return graph.node("Reshape", [x, graph.constant(f"{name}.shape", dims)], [(name, shape)])[0]
