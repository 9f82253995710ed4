"""An ONNX file's graph as plain objects that a pass may change, and back to a file.

It knows the file format and the order of operators; what an operator means is the passes' concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import onnx.version_converter
from numpy.typing import NDArray

from prudent.compiler.version import COMPILER_VERSION
from prudent.errors import ModelFileError

# The package has partial hints; seen as Any, its untyped calls stay inside this file.
_onnx = cast("Any", onnx)
_helper = cast("Any", onnx.helper)
_numpy_helper = cast("Any", onnx.numpy_helper)
_version_converter = cast("Any", onnx.version_converter)

Array: TypeAlias = NDArray[Any]

OPSET = 17
"""Has LayerNormalization and per-channel QuantizeLinear; later ones move attributes to inputs."""

CONTRIB = "com.microsoft"
"""Domain of ONNX Runtime's own operators."""

_IR_VERSION = 10


@dataclass(eq=False)
class Operator:
    """One node. Compared by identity."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    domain: str = ""

    @property
    def output(self) -> str:
        """Its first output."""
        return self.outputs[0]


@dataclass(eq=False)
class OnnxGraph:
    """A graph under change: operators in an order in which they can run, weights by name.

    `inputs` and `outputs` have name to (numpy type, shape); a dimension that is free has a name.
    """

    operators: list[Operator]
    weights: dict[str, Array]
    inputs: dict[str, tuple[np.dtype[Any], tuple[int | str, ...]]]
    outputs: dict[str, tuple[np.dtype[Any], tuple[int | str, ...]]]
    metadata: dict[str, str]

    def producers(self) -> dict[str, Operator]:
        """The operator that makes each value."""
        return {name: operator for operator in self.operators for name in operator.outputs}

    def consumers(self) -> dict[str, list[Operator]]:
        """The operators that read each value; an output of the graph has none for that."""
        readers: dict[str, list[Operator]] = {}
        for operator in self.operators:
            for name in dict.fromkeys(operator.inputs):
                readers.setdefault(name, []).append(operator)
        return readers

    def replace(self, old: Iterable[Operator], new: Iterable[Operator]) -> None:
        """Put `new` where the last of `old` stood. New operators must make what the last one made."""
        gone = list(old)
        place = max(self.operators.index(operator) for operator in gone)
        self.operators[place + 1 : place + 1] = new
        for operator in gone:
            self.operators.remove(operator)

    def rename(self, names: Mapping[str, str]) -> None:
        """Read each value under its new name; chains of names are followed to their end."""
        for operator in self.operators:
            operator.inputs = [_last_name(names, name) for name in operator.inputs]

    def drop_unused(self) -> None:
        """Remove operators that nothing reads, and weights that no operator reads."""
        wanted = set(self.outputs)
        kept: list[Operator] = []
        for operator in reversed(self.operators):
            if wanted.intersection(operator.outputs):
                wanted.update(operator.inputs)
                kept.append(operator)
        self.operators = kept[::-1]
        self.weights = {name: weight for name, weight in self.weights.items() if name in wanted}

    def parameters(self) -> int:
        """Numbers in all weights."""
        return sum(weight.size for weight in self.weights.values())


def read_onnx(path: Path) -> OnnxGraph:
    """Read a file with weights inside, at the opset `OPSET`, without Identity and Constant operators.

    Raises:
        ModelFileError: the file is damaged, or holds what cannot be brought to that opset.
    """
    try:
        model = _version_converter.convert_version(_onnx.load(str(path), load_external_data=False), OPSET)
        graph = model.graph
        weights = {item.name: _numpy_helper.to_array(item) for item in graph.initializer}
        operators = [_operator(node) for node in graph.node]
        inputs = {item.name: _signature(item) for item in graph.input if item.name not in weights}
        outputs = {item.name: _signature(item) for item in graph.output}
    except Exception as error:  # the library raises whatever protobuf, numpy and its converter raise
        raise ModelFileError(
            f"{path.name} cannot be read as an ONNX model.", hint="Fetch the model again."
        ) from error
    metadata = {str(item.key): str(item.value) for item in model.metadata_props}
    read = OnnxGraph(operators, weights, inputs, outputs, metadata)
    _drop_names(read)
    return read


def serialize_onnx(graph: OnnxGraph) -> bytes:
    """The bytes of an ONNX file, weights inside."""
    proto = _helper.make_graph(
        [_node(operator) for operator in graph.operators],
        "prudent",
        [_info(name, *signature) for name, signature in graph.inputs.items()],
        [_info(name, *signature) for name, signature in graph.outputs.items()],
        [
            _numpy_helper.from_array(np.ascontiguousarray(weight).reshape(weight.shape), name)
            for name, weight in graph.weights.items()
        ],
    )
    model = _helper.make_model(
        proto,
        opset_imports=[_helper.make_opsetid("", OPSET), _helper.make_opsetid(CONTRIB, 1)],
        ir_version=_IR_VERSION,
        producer_name="prudent",
        producer_version=COMPILER_VERSION,
    )
    return cast("bytes", model.SerializeToString())


def _operator(node: Any) -> Operator:
    attributes = {item.name: _helper.get_attribute_value(item) for item in node.attribute}
    return Operator(node.op_type, list(node.input), list(node.output), attributes, node.domain)


def _node(operator: Operator) -> Any:
    return _helper.make_node(
        operator.kind,
        operator.inputs,
        operator.outputs,
        operator.output,
        domain=operator.domain,
        **operator.attributes,
    )


def _signature(item: Any) -> tuple[np.dtype[Any], tuple[int | str, ...]]:
    tensor = item.type.tensor_type
    shape = tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in tensor.shape.dim)
    return np.dtype(_helper.tensor_dtype_to_np_dtype(tensor.elem_type)), shape


def _info(name: str, dtype: np.dtype[Any], shape: tuple[int | str, ...]) -> Any:
    return _helper.make_tensor_value_info(name, _helper.np_dtype_to_tensor_dtype(dtype), list(shape))


def _last_name(names: Mapping[str, str], name: str) -> str:
    while name in names:
        name = names[name]
    return name


def _drop_names(graph: OnnxGraph) -> None:
    """Constants become weights; what only renames is passed over."""
    renamed: dict[str, str] = {}
    kept: list[Operator] = []
    for operator in graph.operators:
        if operator.kind == "Constant" and "value" in operator.attributes:
            graph.weights[operator.output] = _numpy_helper.to_array(operator.attributes["value"])
        elif operator.kind == "Identity" and operator.output not in graph.outputs:
            renamed[operator.output] = operator.inputs[0]
        else:
            kept.append(operator)
    graph.operators = kept
    graph.rename(renamed)
