"""Collect a graph node by node. Names are unique and weights go to a sink as they come, one at a time.

It does not know what any operator means: each operator's own file checks shapes and builds its node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.graph.values import Attribute, DType, Graph, Node, Placement, Shape, Value
from prudent.errors import InternalError

Array: TypeAlias = NDArray[Any]

NUMPY_TYPES: Mapping[DType, np.dtype[Any]] = {
    DType.FLOAT: np.dtype(np.float32),
    DType.UINT8: np.dtype(np.uint8),
    DType.INT8: np.dtype(np.int8),
    DType.INT32: np.dtype(np.int32),
    DType.INT64: np.dtype(np.int64),
}

CONTRIB = "com.microsoft"
"""Domain of ONNX Runtime's own operators."""


class GraphError(InternalError):
    """A graph that cannot be right: a fault in the compiler, found while building rather than running."""


class WeightSink(Protocol):
    """Takes a weight's bytes as they are made. None as placement makes the weight an input of the graph."""

    def place(self, value: Value, chunks: Iterable[Array]) -> Placement | None:
        """Store the chunks one after the other; together they are the whole of `value`."""
        ...


class GraphBuilder:
    """A graph under construction."""

    def __init__(self, sink: WeightSink) -> None:
        self._sink = sink
        self._names: set[str] = set()
        self._inputs: list[Value] = []
        self._outputs: list[Value] = []
        self._nodes: list[Node] = []
        self._weights: dict[str, tuple[Value, Placement]] = {}
        self._constants: dict[str, tuple[Value, tuple[int, ...] | tuple[float, ...]]] = {}

    def input(self, name: str, shape: Shape, dtype: DType = DType.FLOAT) -> Value:
        """Declare an input."""
        value = self._new(name, shape, dtype)
        self._inputs.append(value)
        return value

    def output(self, value: Value) -> None:
        """Declare that a value is an output of the graph, under its name."""
        self._outputs.append(value)

    def node(
        self,
        op: str,
        inputs: Sequence[Value | None],
        outputs: Sequence[tuple[str, Shape] | None],
        *,
        domain: str = "",
        attributes: Mapping[str, Attribute] | None = None,
        dtype: DType | None = None,
    ) -> tuple[Value, ...]:
        """Add a node named after its first output; gives the outputs that are not None.

        Outputs have the type `dtype`; None means that of the first input that is float, else of the first.
        """
        given = [value for value in inputs if value is not None]
        floats = [value for value in given if value.dtype is DType.FLOAT]
        made_type = (floats or given)[0].dtype if dtype is None else dtype
        made = [None if output is None else self._new(*output, made_type) for output in outputs]
        values = tuple(value for value in made if value is not None)
        self._nodes.append(Node(values[0].name, op, domain, tuple(inputs), tuple(made), attributes or {}))
        return values

    def weight(self, name: str, shape: tuple[int, ...], dtype: DType, chunks: Iterable[Array]) -> Value:
        """Add a weight whose elements, in order, are those of the chunks."""
        value = self._new(name, shape, dtype)
        placement = self._sink.place(value, chunks)
        if placement is None:
            self._inputs.append(value)
        else:
            self._weights[name] = (value, placement)
        return value

    def alias(self, name: str, shape: tuple[int, ...], of: Value) -> Value:
        """The bytes of a stored weight under another name and shape: one copy on disk, two views.

        Raises:
            GraphError: the sizes differ, or the weight is not in the external file.
        """
        if of.name not in self._weights or element_count(of) != element_count(Value(name, shape)):
            raise GraphError(f"{name}{shape} cannot be a view of {of.name}{of.shape}")
        value = self._new(name, shape, of.dtype)
        self._weights[name] = (value, self._weights[of.name][1])
        return value

    def constant(
        self, name: str, values: Sequence[int] | Sequence[float], *, dtype: DType = DType.INT64
    ) -> Value:
        """A small vector, kept inside the graph file."""
        value = self._new(name, (len(values),), dtype)
        self._constants[name] = (value, tuple(values))
        return value

    def build(self) -> Graph:
        """The finished graph."""
        return Graph(
            tuple(self._inputs), tuple(self._outputs), tuple(self._nodes), self._weights, self._constants
        )

    def _new(self, name: str, shape: Shape, dtype: DType) -> Value:
        if name in self._names:
            raise GraphError(f"two values are named {name}")
        self._names.add(name)
        return Value(name, shape, dtype)


def element_count(value: Value) -> int:
    """Elements of a value whose shape is known.

    Raises:
        GraphError: a dimension is symbolic.
    """
    product = 1
    for dim in value.shape:
        if isinstance(dim, str):
            raise GraphError(f"{value.name} has no fixed size: {value.shape}")
        product *= dim
    return product


def require_last(value: Value, size: int, user: str) -> None:
    """Check that a value's last dimension has the size that its user needs.

    Raises:
        GraphError: it has not.
    """
    if not value.shape or value.shape[-1] != size:
        raise GraphError(f"{user} needs rows of {size}, and {value.name} has the shape {value.shape}")


def require_same(first: Value, second: Value, user: str) -> None:
    """Check that two values have the same shape.

    Raises:
        GraphError: they have not.
    """
    if first.shape != second.shape:
        raise GraphError(
            f"{user} needs equal shapes: {first.name}{first.shape} and {second.name}{second.shape}"
        )
