"""An encoder as a graph: token ids in, one vector of length 1 for each text out. Weights go to a sink.

Built from an EncoderPlan and a Precision; knows no file and no decoder. What is made of the last layer's
states is a head's business; the pooled vector is one head of several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from prudent.compiler.encoder_plan import Affine, EncoderLayerPlan, EncoderPlan
from prudent.compiler.families.encoder_spec import EncoderActivation
from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, WeightSink, require_last, require_same
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.precision import Precision
from prudent.compiler.graph.values import DType, Graph, Value
from prudent.compiler.readers.weights import Weights

EMBEDDING = "embedding"
"""Name of the output."""

_EXACT: Mapping[EncoderActivation, str] = {"gelu": "Gelu"}
_APPROXIMATE: Mapping[EncoderActivation, str] = {"gelu": "FastGelu"}
"""By the tanh formula: off by 5e-4 at most, and a third faster."""


@dataclass(frozen=True, slots=True)
class EncoderLowering:
    """Choices between graphs that compute nearly the same. `exact_activation` is for a reference."""

    exact_activation: bool = True


def encoder_graph(
    plan: EncoderPlan,
    weights: Weights,
    sink: WeightSink,
    precision: Precision,
    on_layer: Callable[[EncoderLayerPlan], None],
    lowering: EncoderLowering | None = None,
    head: Head | None = None,
) -> Graph:
    """Build the encoder (see prudent.runtime.encoder_artifact); `on_layer` is called after each layer.

    `head` None pools: the output is `embedding`.
    """
    graph = GraphBuilder(sink)
    ids = graph.input("input_ids", ("batch", "tokens"), DType.INT64)
    words = precision.embedding(graph, ids, Matrix(weights, (plan.words,)), "words")
    assembly = Assembly(graph, plan, weights, precision, lowering or EncoderLowering())
    return _encode(assembly, words, on_layer, head or _pool)


def encoder_layers_graph(
    plan: EncoderPlan,
    weights: Weights,
    sink: WeightSink,
    precision: Precision,
    head: Head | None = None,
) -> Graph:
    """The encoder without its vocabulary: the input `words` is float32 (batch, tokens, hidden).

    A reference looks up the few words that it needs, instead of holding a table of all.
    """
    graph = GraphBuilder(sink)
    words = graph.input("words", ("batch", "tokens", plan.config.hidden_size))
    assembly = Assembly(graph, plan, weights, precision, EncoderLowering())
    return _encode(assembly, words, lambda _: None, head or _pool)


@dataclass(frozen=True, slots=True)
class Assembly:
    """What every part needs while the graph is put together."""

    graph: GraphBuilder
    plan: EncoderPlan
    weights: Weights
    precision: Precision
    lowering: EncoderLowering

    def linear(self, x: Value, name: str, *parts: Affine) -> Value:
        """x times the parts, one on top of the other, plus their biases."""
        matrix = Matrix(self.weights, tuple(p.weight for p in parts), tuple(p.bias for p in parts))
        return self.precision.linear(self.graph, x, matrix, name)

    def vector(self, tensor: str, name: str) -> Value:
        """A tensor of the file as a float32 weight."""
        data = self.weights.read(tensor)
        return self.graph.weight(name, data.shape, DType.FLOAT, [data])


@dataclass(frozen=True, slots=True)
class States:
    """The last layer's states (batch, tokens, hidden), and which of them are tokens (batch, tokens)."""

    values: Value
    inside: Value


Head: TypeAlias = Callable[[Assembly, States], None]
"""Declares the outputs of the graph."""


def _encode(
    assembly: Assembly, words: Value, on_layer: Callable[[EncoderLayerPlan], None], head: Head
) -> Graph:
    graph = assembly.graph
    lengths = graph.input("lengths", ("batch",), DType.INT32)
    count = graph.node(
        "Shape", [words], [("tokens", (1,))], attributes={"start": 1, "end": 2}, dtype=DType.INT64
    )[0]
    x = _embed(assembly, words, count)
    for layer in assembly.plan.layers:
        x = _layer(assembly, x, lengths, layer)
        on_layer(layer)
    head(assembly, States(x, _inside(assembly, lengths, count)))
    return graph.build()


def _embed(assembly: Assembly, words: Value, count: Value) -> Value:
    """Words, their positions and the one kind of segment, summed and normed."""
    graph, plan = assembly.graph, assembly.plan
    places = assembly.weights.read(plan.positions) + assembly.weights.read(plan.types, 0, 1)
    table = graph.weight("positions.table", places.shape, DType.FLOAT, [places])
    positions = _first(graph, table, count, "positions", ("tokens", plan.config.hidden_size))
    (summed,) = graph.node("Add", [words, positions], [("words.placed", words.shape)])
    return _norm(assembly, summed, plan.embedding_norm, "embedding_norm")


def _layer(assembly: Assembly, x: Value, lengths: Value, layer: EncoderLayerPlan) -> Value:
    graph, name = assembly.graph, f"layer_{layer.index}"
    heads = _attention(assembly, x, lengths, layer, f"{name}.attention")
    mixed = assembly.linear(heads, f"{name}.attention.output", layer.attention_output)
    x = _residual_norm(assembly, mixed, x, layer.attention_norm, f"{name}.attention_norm")
    wide = assembly.linear(x, f"{name}.up", layer.up)
    op = (_EXACT if assembly.lowering.exact_activation else _APPROXIMATE)[assembly.plan.activation]
    (active,) = graph.node(op, [wide], [(f"{name}.active", wide.shape)], domain=CONTRIB)
    narrow = assembly.linear(active, f"{name}.down", layer.down)
    return _residual_norm(assembly, narrow, x, layer.output_norm, f"{name}.output_norm")


def _attention(assembly: Assembly, x: Value, lengths: Value, layer: EncoderLayerPlan, name: str) -> Value:
    """Every token of a text looks at every other: heads (batch, tokens, hidden), merged."""
    graph, config = assembly.graph, assembly.plan.config
    packed = assembly.linear(x, f"{name}.qkv", layer.query, layer.key, layer.value)
    sizes = graph.constant(f"{name}.sizes", [config.hidden_size] * 3)
    query, key, value = graph.node(
        "Split",
        [packed, sizes],
        [(f"{name}.{part}", x.shape) for part in ("query", "key", "value")],
        attributes={"axis": -1},
    )
    return graph.node(
        "MultiHeadAttention",
        [query, key, value, None, lengths],
        [(f"{name}.heads", x.shape)],
        domain=CONTRIB,
        attributes={"num_heads": config.heads},
    )[0]


def _residual_norm(assembly: Assembly, x: Value, residual: Value, norm: Affine, name: str) -> Value:
    """The norm of x + residual.

    A Sum, since ONNX Runtime would fuse an Add and a norm to its SkipLayerNormalization, whose CPU kernel is
    not vectorised: 600 us against 90 for both nodes (256 rows of 384, one AVX2 core, onnxruntime 1.32).
    """
    require_same(x, residual, name)
    (summed,) = assembly.graph.node("Sum", [x, residual], [(f"{name}.sum", x.shape)])
    return _norm(assembly, summed, norm, name)


def _norm(assembly: Assembly, x: Value, norm: Affine, name: str) -> Value:
    require_last(x, assembly.plan.config.hidden_size, name)
    scale, shift = (
        assembly.vector(norm.weight, f"{name}.weight"),
        assembly.vector(norm.bias, f"{name}.bias"),
    )
    return assembly.graph.node(
        "LayerNormalization",
        [x, scale, shift],
        [(name, x.shape)],
        attributes={"axis": -1, "epsilon": assembly.plan.epsilon},
    )[0]


def _inside(assembly: Assembly, lengths: Value, count: Value) -> Value:
    """Which places of a text are tokens, not padding: bool (batch, tokens)."""
    graph, config = assembly.graph, assembly.plan.config
    places = graph.constant("places.all", list(range(config.max_tokens)), dtype=DType.INT32)
    places = _first(graph, places, count, "places", ("tokens",))
    last = graph.constant("axis.last", [-1])
    (column,) = graph.node("Unsqueeze", [lengths, last], [("lengths.column", ("batch", 1))])
    return graph.node("Less", [places, column], [("inside", ("batch", "tokens"))], dtype=DType.BOOL)[0]


def _pool(assembly: Assembly, states: States) -> None:
    """The mean of a text's tokens, brought to length 1: so their sum will do."""
    graph, config = assembly.graph, assembly.plan.config
    middle = graph.constant("axis.middle", [1])
    (counted,) = graph.node(
        "Cast",
        [states.inside],
        [("inside.float", states.inside.shape)],
        attributes={"to": int(DType.FLOAT)},
        dtype=DType.FLOAT,
    )
    (row,) = graph.node("Unsqueeze", [counted, middle], [("inside.row", ("batch", 1, "tokens"))])
    (summed,) = graph.node("MatMul", [row, states.values], [("pooled.row", ("batch", 1, config.hidden_size))])
    (pooled,) = graph.node("Squeeze", [summed, middle], [("pooled", ("batch", config.hidden_size))])
    (vector,) = graph.node(
        "LpNormalization", [pooled], [(EMBEDDING, pooled.shape)], attributes={"axis": -1, "p": 2}
    )
    graph.output(vector)


def _first(graph: GraphBuilder, table: Value, count: Value, name: str, shape: tuple[str | int, ...]) -> Value:
    """As many rows of a table as the texts have tokens."""
    start, axis = graph.constant(f"{name}.start", [0]), graph.constant(f"{name}.axis", [0])
    return graph.node("Slice", [table, start, count, axis], [(name, shape)])[0]
