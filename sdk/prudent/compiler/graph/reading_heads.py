"""The heads that read a text for the checks: labels by attention over the tokens, and a tag for each token.

A label's logit is the sum over tokens of softmax(query x state) times value x state, plus a bias: so a short
sentence counts in a long window. Where the weights hold one, a small network over the mean and the maximum of
the states adds what it says of the whole. Knows no label.
"""

from __future__ import annotations

from prudent.compiler.graph.builder import CONTRIB
from prudent.compiler.graph.encoder import Assembly, States
from prudent.compiler.graph.values import DType, Value

LOGITS = "logits"
TAGS = "tags"
"""Names of the outputs."""

QUERIES, VALUES, VALUES_BIAS = "queries.weight", "values.weight", "values.bias"
TAGS_WEIGHT, TAGS_BIAS = "tags.weight", "tags.bias"
"""Names of the weights: (labels, hidden), (labels, hidden), (labels), (tags, hidden), (tags)."""

WHOLE, WHOLE_BIAS = "whole.weight", "whole.bias"
WHOLE_LABELS, WHOLE_LABELS_BIAS = "whole_labels.weight", "whole_labels.bias"
"""Names of the network's weights: (width, 2 x hidden), (width), (labels, width), (labels)."""

_OUTSIDE = -1e4
"""A score that no token in a text can have: its weight is 0."""


def reading_heads(assembly: Assembly, states: States) -> None:
    """Declare the outputs logits float32 (batch, labels) and tags float32 (batch, tokens, tags)."""
    graph = assembly.graph
    labels = assembly.weights.tensors[QUERIES].shape[0]
    shape = ("batch", "tokens", labels)
    attention = _attention(assembly, states, _project(assembly, states, QUERIES, "queries"))
    values = _project(assembly, states, VALUES, "values")
    (weighted,) = graph.node("Mul", [attention, values], [("labels.weighted", shape)])
    middle = graph.constant("labels.axis", [1])
    row = _inside_row(assembly, states, middle)
    (totals,) = graph.node("MatMul", [row, weighted], [("labels.totals", ("batch", 1, labels))])
    (summed,) = graph.node("Squeeze", [totals, middle], [("labels.summed", ("batch", labels))])
    bias = assembly.vector(VALUES_BIAS, VALUES_BIAS)
    if WHOLE in assembly.weights.tensors:
        (read,) = graph.node("Add", [summed, bias], [("labels.read", summed.shape)])
        (logits,) = graph.node("Add", [read, _of_whole(assembly, states, row)], [(LOGITS, summed.shape)])
    else:
        (logits,) = graph.node("Add", [summed, bias], [(LOGITS, summed.shape)])
    graph.output(logits)
    projected = _project(assembly, states, TAGS_WEIGHT, "tags.projected")
    (tags,) = graph.node("Add", [projected, assembly.vector(TAGS_BIAS, TAGS_BIAS)], [(TAGS, projected.shape)])
    graph.output(tags)


def _project(assembly: Assembly, states: States, tensor: str, name: str) -> Value:
    """States times a small matrix, in float32: (batch, tokens, outputs)."""
    return _product(assembly, states.values, tensor, name)


def _product(assembly: Assembly, x: Value, tensor: str, name: str) -> Value:
    matrix = assembly.weights.read(tensor).T
    weight = assembly.graph.weight(f"{name}.matrix", matrix.shape, DType.FLOAT, [matrix.copy()])
    return assembly.graph.node("MatMul", [x, weight], [(name, (*x.shape[:-1], matrix.shape[1]))])[0]


def _attention(assembly: Assembly, states: States, scores: Value) -> Value:
    """For each label the weights of the tokens, which sum to 1: (batch, tokens, labels)."""
    graph = assembly.graph
    last = graph.constant("labels.last", [-1])
    (inside,) = graph.node(
        "Unsqueeze", [states.inside, last], [("labels.inside", ("batch", "tokens", 1))], dtype=DType.BOOL
    )
    outside = graph.constant("labels.outside", [_OUTSIDE], dtype=DType.FLOAT)
    (kept,) = graph.node("Where", [inside, scores, outside], [("labels.scores", scores.shape)])
    return graph.node("Softmax", [kept], [("labels.attention", scores.shape)], attributes={"axis": 1})[0]


def _inside_row(assembly: Assembly, states: States, axis: Value) -> Value:
    """1 where a place is a token, else 0, as a row: (batch, 1, tokens). Times values, it sums them.

    Not by ReduceSum, which adds up one text in another order than several: the last bits would say whether a
    text came alone.
    """
    graph = assembly.graph
    (ones,) = graph.node(
        "Cast",
        [states.inside],
        [("inside.ones", states.inside.shape)],
        attributes={"to": int(DType.FLOAT)},
        dtype=DType.FLOAT,
    )
    return graph.node("Unsqueeze", [ones, axis], [("inside.row", ("batch", 1, "tokens"))])[0]


def _of_whole(assembly: Assembly, states: States, row: Value) -> Value:
    """What the network says of mean and maximum of a text's states: (batch, labels).

    Each text is two equal rows of its products, since a single row is multiplied in another order than
    several: the last bits would say whether a text came alone.
    """
    graph, hidden = assembly.graph, states.values.shape[-1]
    last, middle = graph.constant("whole.last", [-1]), graph.constant("whole.middle", [1])
    (inside,) = graph.node(
        "Unsqueeze", [states.inside, last], [("whole.inside", ("batch", "tokens", 1))], dtype=DType.BOOL
    )
    pooled = (_mean(assembly, states, row, last), _highest(assembly, states, inside, middle))
    both = ("batch", 2, 2 * int(hidden))
    (one,) = graph.node("Concat", [*pooled], [("whole.row", ("batch", 1, both[2]))], attributes={"axis": -1})
    (rows,) = graph.node("Concat", [one, one], [("whole.rows", both)], attributes={"axis": 1})
    wide = _affine(assembly, rows, WHOLE, WHOLE_BIAS)
    (active,) = graph.node("Gelu", [wide], [("whole.active", wide.shape)], domain=CONTRIB)
    said = _affine(assembly, active, WHOLE_LABELS, WHOLE_LABELS_BIAS)
    first = graph.constant("whole.first", [0])
    (logits,) = graph.node(
        "Slice", [said, first, middle, middle], [("whole.one", ("batch", 1, said.shape[-1]))]
    )
    return graph.node("Squeeze", [logits, middle], [("whole.logits", ("batch", said.shape[-1]))])[0]


def _mean(assembly: Assembly, states: States, row: Value, last: Value) -> Value:
    """The mean of the states of the tokens in a text: (batch, 1, hidden)."""
    graph, shape = assembly.graph, ("batch", 1, states.values.shape[-1])
    (summed,) = graph.node("MatMul", [row, states.values], [("whole.sum", shape)])
    (count,) = graph.node("ReduceSum", [row, last], [("whole.count", ("batch", 1, 1))])
    return graph.node("Div", [summed, count], [("whole.mean", shape)])[0]


def _highest(assembly: Assembly, states: States, inside: Value, axis: Value) -> Value:
    """The maximum of the states of the tokens in a text: (batch, 1, hidden)."""
    graph, shape = assembly.graph, states.values.shape
    filler = graph.constant("whole.outside", [_OUTSIDE], dtype=DType.FLOAT)
    (kept,) = graph.node("Where", [inside, states.values, filler], [("whole.kept", shape)])
    return graph.node("ReduceMax", [kept, axis], [("whole.maximum", ("batch", 1, shape[-1]))])[0]


def _affine(assembly: Assembly, x: Value, weight: str, bias: str) -> Value:
    product = _product(assembly, x, weight, weight)
    return assembly.graph.node(
        "Add", [product, assembly.vector(bias, bias)], [(f"{weight}.shifted", product.shape)]
    )[0]
