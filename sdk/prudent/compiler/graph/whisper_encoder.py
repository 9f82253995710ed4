"""Whisper's encoder as a graph (see prudent.runtime.transcriber_artifact): sound in, keys and values out.

What follows the sound in the window comes in as keys and values computed beforehand, so only the sound's own
positions cost time. Knows no session and no decoding.
"""

from __future__ import annotations

from collections.abc import Callable

from prudent.compiler.graph.builder import CONTRIB, GraphBuilder, WeightSink
from prudent.compiler.graph.normalization import Residual
from prudent.compiler.graph.precision import Precision
from prudent.compiler.graph.values import DType, Graph, Value
from prudent.compiler.graph.whisper_parts import WhisperAssembly
from prudent.compiler.readers.weights import Weights
from prudent.compiler.transcriber_plan import KERNEL, MELS, SoundLayer, TextLayer, TranscriberPlan


def whisper_encoder_graph(
    plan: TranscriberPlan,
    weights: Weights,
    sink: WeightSink,
    precision: Precision,
    on_layer: Callable[[int], None],
    *,
    taps: bool = False,
) -> Graph:
    """Build the encoder; `on_layer` is told the number of layers done.

    With `taps` each layer's keys and values (1, S, hidden) are outputs as well: `tap_key_i`, `tap_value_i`.
    """
    graph = GraphBuilder(sink)
    assembly = WhisperAssembly(graph, plan, weights, precision)
    features = graph.input("features", (1, MELS, "frames"))
    tail = ("tail", plan.hidden_size)
    tails = [
        (
            graph.input(f"tail_key_{layer.index}", (1, *tail)),
            graph.input(f"tail_value_{layer.index}", (1, *tail)),
        )
        for layer in plan.sound_layers
    ]
    x = _embed(assembly, features)
    bias = _spread(graph, graph.input("score_bias", (1, 1, 1, "all")), x)
    residual = Residual(x)
    for layer, after in zip(plan.sound_layers, tails, strict=True):
        residual = _layer(assembly, residual, layer, after, bias, taps)
        on_layer(layer.index + 1)
    normed, _ = assembly.norm(residual, plan.sound_norm, "norm")
    for layer in plan.text_layers:
        _cross(assembly, normed, layer)
    return graph.build()


def _embed(assembly: WhisperAssembly, features: Value) -> Value:
    """Two convolutions, the second one halving the length, and positions: (1, S, hidden)."""
    graph, plan = assembly.graph, assembly.plan
    x, hidden = features, plan.hidden_size
    for name, affine, stride, length in (
        ("convolution_1", plan.first_convolution, 1, "frames"),
        ("convolution_2", plan.second_convolution, 2, "positions"),
    ):
        weight = assembly.stored(affine.weight, f"{name}.weight")
        bias = assembly.stored(affine.bias, f"{name}.bias")
        (mixed,) = graph.node(
            "Conv",
            [x, weight, bias],
            [(name, (1, hidden, length))],
            attributes={"kernel_shape": [KERNEL], "pads": [1, 1], "strides": [stride]},
        )
        (x,) = graph.node("Gelu", [mixed], [(f"{name}.active", mixed.shape)], domain=CONTRIB)
    (rows,) = graph.node(
        "Transpose", [x], [("sound", (1, "positions", hidden))], attributes={"perm": [0, 2, 1]}
    )
    (count,) = graph.node(
        "Shape", [rows], [("count", (1,))], attributes={"start": 1, "end": 2}, dtype=DType.INT64
    )
    zero = graph.constant("zero", [0])
    table = assembly.stored(plan.sound_positions, "positions.table")
    (places,) = graph.node("Slice", [table, zero, count, zero], [("places", ("positions", hidden))])
    return graph.node("Add", [rows, places], [("sound.placed", rows.shape)])[0]


def _spread(graph: GraphBuilder, bias: Value, x: Value) -> Value:
    """The bias for every position that looks: (1, 1, S, S + T)."""
    (count,) = graph.node(
        "Shape", [x], [("bias.count", (1,))], attributes={"start": 1, "end": 2}, dtype=DType.INT64
    )
    one = graph.constant("bias.one", [1])
    (shape,) = graph.node(
        "Concat", [one, one, count, one], [("bias.shape", (4,))], attributes={"axis": 0}, dtype=DType.INT64
    )
    return graph.node("Expand", [bias, shape], [("bias.spread", (1, 1, "positions", "all"))])[0]


def _layer(
    assembly: WhisperAssembly,
    residual: Residual,
    layer: SoundLayer,
    after: tuple[Value, Value],
    bias: Value,
    taps: bool,
) -> Residual:
    graph, plan, name = assembly.graph, layer.attention, f"layer_{layer.index}"
    normed, stream = assembly.norm(residual, plan.norm, f"{name}.attention.norm")
    packed = assembly.linear(normed, plan.packed, f"{name}.attention.packed")
    query, *own = assembly.split(packed, ("query", "key", "value"), f"{name}.attention")
    if taps:
        for value, part in zip(own, ("key", "value"), strict=True):
            graph.output(graph.node("Identity", [value], [(f"tap_{part}_{layer.index}", value.shape)])[0])
    key, value = (
        graph.node(
            "Concat",
            [mine, theirs],
            [(f"{mine.name}.all", (1, "all", assembly.plan.hidden_size))],
            attributes={"axis": 1},
        )[0]
        for mine, theirs in zip(own, after, strict=True)
    )
    (heads,) = graph.node(
        "MultiHeadAttention",
        [query, key, value, None, None, bias],
        [(f"{name}.attention.heads", query.shape)],
        domain=CONTRIB,
        attributes={"num_heads": assembly.plan.heads},
    )
    mixed = assembly.linear(heads, plan.output, f"{name}.attention.output")
    return assembly.feed_forward(Residual(stream, mixed), layer.feed_forward, f"{name}.feed_forward")


def _cross(assembly: WhisperAssembly, normed: Value, layer: TextLayer) -> None:
    """A decoder layer's keys and values of the sound, head by head."""
    graph, plan, name = assembly.graph, assembly.plan, f"cross_{layer.index}"
    packed = assembly.linear(normed, layer.cross.packed, f"{name}.packed")
    split = graph.constant(f"{name}.split", [0, 0, plan.heads, plan.head_dim])
    for part in assembly.split(packed, ("key", "value"), name):
        kind = part.name.rpartition(".")[2]
        (heads,) = graph.node(
            "Reshape", [part, split], [(f"{part.name}.heads", (1, "positions", plan.heads, plan.head_dim))]
        )
        (turned,) = graph.node(
            "Transpose",
            [heads],
            [(f"cross_{kind}_{layer.index}", (1, plan.heads, "positions", plan.head_dim))],
            attributes={"perm": [0, 2, 1, 3]},
        )
        graph.output(turned)
