"""Chains of small operators that spell out one that ONNX Runtime has a kernel for: GELU, layer norm, swish.

Done before quantising: afterwards quantisers stand between the links and nobody recognises the chain.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prudent.compiler.imported.graph import CONTRIB, OnnxGraph, Operator

_Links = dict[str, list[Operator]]


def fuse(graph: OnnxGraph) -> None:
    """Replace every chain that is known."""
    _fuse_each(graph, "Erf", _gelu)
    _fuse_each(graph, "ReduceMean", _layer_norm)
    _fuse_each(graph, "ReduceMean", _global_average)
    graph.drop_unused()


def _fuse_each(
    graph: OnnxGraph,
    kind: str,
    fusion: Callable[[OnnxGraph, Operator], tuple[list[Operator], Operator] | None],
) -> None:
    for operator in [operator for operator in graph.operators if operator.kind == kind]:
        if operator in graph.operators and (found := fusion(graph, operator)) is not None:
            graph.replace(found[0], [found[1]])


def _gelu(graph: OnnxGraph, erf: Operator) -> tuple[list[Operator], Operator] | None:
    """x * (1 + erf(x / sqrt(2))) * 0.5, with the half in either place."""
    producers, consumers = graph.producers(), graph.consumers()
    divide = producers.get(erf.inputs[0])
    if divide is None or divide.kind != "Div":
        return None
    x = divide.inputs[0]
    add = _only(consumers, erf.output, "Add")
    multiply = _only(consumers, add.output, "Mul") if add else None
    if add is None or multiply is None:
        return None
    if x in multiply.inputs:
        half = _only(consumers, multiply.output, "Mul")
        if half is None:
            return None
        chain = [divide, erf, add, multiply, half]
    else:
        return None
    return chain, Operator("Gelu", [x], [half.output], domain=CONTRIB)


def _layer_norm(graph: OnnxGraph, mean: Operator) -> tuple[list[Operator], Operator] | None:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift over the last axis."""
    consumers = graph.consumers()
    x = mean.inputs[0]
    subtract = _only(consumers, mean.output, "Sub")
    if subtract is None or subtract.inputs[0] != x or list(mean.attributes.get("axes", ())) != [-1]:
        return None
    readers = {operator.kind: operator for operator in consumers[subtract.output]}
    chain = [mean, subtract]
    power, divide = readers.get("Pow"), readers.get("Div")
    if power is None or divide is None:
        return None
    chain.append(power)
    for kind in ("ReduceMean", "Add", "Sqrt"):
        link = _only(consumers, chain[-1].output, kind)
        if link is None:
            return None
        chain.append(link)
    epsilon = _constant(graph, chain[-2])
    scale = _only(consumers, divide.output, "Mul")
    shift = _only(consumers, scale.output, "Add") if scale else None
    if epsilon is None or scale is None or shift is None:
        return None
    names = [_constant(graph, scale), _constant(graph, shift)]
    if None in names:
        return None
    attributes = {"axis": -1, "epsilon": float(graph.weights[epsilon].reshape(()))}
    inputs = [x, *(name for name in names if name)]
    return [*chain, divide, scale, shift], Operator("LayerNormalization", inputs, [shift.output], attributes)


def _global_average(graph: OnnxGraph, mean: Operator) -> tuple[list[Operator], Operator] | None:
    """A mean over height and width, which has an int8 kernel under its own name."""
    del graph
    if list(mean.attributes.get("axes", ())) != [2, 3] or not mean.attributes.get("keepdims", 1):
        return None
    return [mean], Operator("GlobalAveragePool", mean.inputs, mean.outputs)


def _only(consumers: _Links, name: str, kind: str) -> Operator | None:
    """The one operator that reads a value, where it is of this kind."""
    readers = consumers.get(name, [])
    return readers[0] if len(readers) == 1 and readers[0].kind == kind else None


def _constant(graph: OnnxGraph, operator: Operator) -> str | None:
    """The input of a two-sided operator that is a weight of floats."""
    for name in operator.inputs:
        if name in graph.weights and graph.weights[name].dtype == np.float32:
            return name
    return None
