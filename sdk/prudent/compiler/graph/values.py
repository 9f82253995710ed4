"""Typed values and nodes of a graph, as plain data. Knows neither ONNX's protobuf nor decoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

Dim: TypeAlias = int | str
"""A size, or the name of one that is known only when the graph runs."""

Shape: TypeAlias = tuple[Dim, ...]
Attribute: TypeAlias = int | float | list[int]


class DType(IntEnum):
    """Element types; the numbers are ONNX's."""

    FLOAT = 1
    UINT8 = 2
    INT8 = 3
    INT32 = 6
    INT64 = 7
    BOOL = 9


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that flows along an edge of the graph, or a weight."""

    name: str
    shape: Shape
    dtype: DType = DType.FLOAT


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a weight's bytes lie in the graph's external file."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Node:
    """One operator; None among inputs or outputs is an optional one left out."""

    name: str
    op: str
    domain: str
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value | None, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True, slots=True)
class Graph:
    """A finished graph. `weights` lie in the external file, `constants` are small and inline."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    weights: Mapping[str, tuple[Value, Placement]]
    constants: Mapping[str, tuple[Value, tuple[int, ...] | tuple[float, ...]]]

    def __str__(self) -> str:
        """One line a node, for reading and comparing."""
        return "\n".join(
            f"{node.name}: {node.op}({', '.join(v.name if v else '-' for v in node.inputs)})"
            f" {dict(node.attributes)} -> " + ", ".join(f"{v.name}{list(v.shape)}" for v in node.outputs if v)
            for node in self.nodes
        )
