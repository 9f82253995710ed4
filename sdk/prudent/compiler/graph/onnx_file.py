"""The only module that meets the onnx library: a finished Graph to the bytes of an ONNX file.

Weights are referred to, never included, so a file of some hundred kilobytes stands for any model.
"""

from __future__ import annotations

from typing import Any, cast

import onnx
import onnx.helper

from prudent.compiler.graph.builder import CONTRIB
from prudent.compiler.graph.values import Graph, Node, Placement, Shape, Value
from prudent.compiler.version import COMPILER_VERSION

# The package has partial hints; seen as Any, its untyped calls stay inside this file.
_onnx = cast("Any", onnx)
_helper = cast("Any", onnx.helper)

_OPSET = 21
_IR_VERSION = 10


def serialize(graph: Graph, weights_file: str) -> bytes:
    """The ONNX file of a graph whose weights lie in `weights_file`, in the same folder."""
    weights = [_external(value, place, weights_file) for value, place in graph.weights.values()]
    constants = [
        _helper.make_tensor(value.name, int(value.dtype), _fixed(value.shape), values)
        for value, values in graph.constants.values()
    ]
    proto = _helper.make_graph(
        [_node(node) for node in graph.nodes],
        "decoder",
        [_info(value) for value in graph.inputs],
        [_info(value) for value in graph.outputs],
        [*weights, *constants],
    )
    model = _helper.make_model(
        proto,
        opset_imports=[_helper.make_opsetid("", _OPSET), _helper.make_opsetid(CONTRIB, 1)],
        ir_version=_IR_VERSION,
        producer_name="prudent",
        producer_version=COMPILER_VERSION,
    )
    return cast("bytes", model.SerializeToString())


def _node(node: Node) -> Any:
    attributes: dict[str, Any] = dict(node.attributes)
    return _helper.make_node(
        node.op,
        [value.name if value else "" for value in node.inputs],
        [value.name if value else "" for value in node.outputs],
        node.name,
        domain=node.domain,
        **attributes,
    )


def _info(value: Value) -> Any:
    return _helper.make_tensor_value_info(value.name, int(value.dtype), list(value.shape))


def _external(value: Value, place: Placement, weights_file: str) -> Any:
    tensor = _onnx.TensorProto(
        name=value.name,
        data_type=int(value.dtype),
        dims=_fixed(value.shape),
        data_location=_onnx.TensorProto.EXTERNAL,
    )
    for key, text in (
        ("location", weights_file),
        ("offset", str(place.offset)),
        ("length", str(place.length)),
    ):
        tensor.external_data.add(key=key, value=text)
    return tensor


def _fixed(shape: Shape) -> list[int]:
    return [dim for dim in shape if isinstance(dim, int)]
