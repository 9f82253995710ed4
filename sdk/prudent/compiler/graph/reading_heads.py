"""The heads that read a text for the checks: labels by attention over the tokens, and a tag for each token.

A label's logit is the sum over tokens of softmax(query x state) times value x state, plus a bias: so a short
sentence counts in a long window. Knows no label.
"""

from __future__ import annotations

from prudent.compiler.graph.encoder import Assembly, States
from prudent.compiler.graph.values import DType, Value

LOGITS = "logits"
TAGS = "tags"
"""Names of the outputs."""

QUERIES, VALUES, VALUES_BIAS = "queries.weight", "values.weight", "values.bias"
TAGS_WEIGHT, TAGS_BIAS = "tags.weight", "tags.bias"
"""Names of the weights: (labels, hidden), (labels, hidden), (labels), (tags, hidden), (tags)."""

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
    (summed,) = graph.node(
        "ReduceSum", [weighted, middle], [("labels.summed", ("batch", labels))], attributes={"keepdims": 0}
    )
    (logits,) = graph.node(
        "Add", [summed, assembly.vector(VALUES_BIAS, VALUES_BIAS)], [(LOGITS, summed.shape)]
    )
    graph.output(logits)
    projected = _project(assembly, states, TAGS_WEIGHT, "tags.projected")
    (tags,) = graph.node("Add", [projected, assembly.vector(TAGS_BIAS, TAGS_BIAS)], [(TAGS, projected.shape)])
    graph.output(tags)


def _project(assembly: Assembly, states: States, tensor: str, name: str) -> Value:
    """States times a small matrix, in float32: (batch, tokens, outputs)."""
    matrix = assembly.weights.read(tensor).T
    weight = assembly.graph.weight(f"{name}.matrix", matrix.shape, DType.FLOAT, [matrix.copy()])
    shape = ("batch", "tokens", matrix.shape[1])
    return assembly.graph.node("MatMul", [states.values, weight], [(name, shape)])[0]


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
