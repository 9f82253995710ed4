"""The adapter over ONNX Runtime, on a graph of two operators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from prudent.errors import InternalError, ModelFileError
from prudent.runtime.binding import Binding
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """y = x + 1 over (n,) floats, and z = x + x."""
    nodes = [helper.make_node("Add", ["x", "one"], ["y"]), helper.make_node("Add", ["x", "x"], ["z"])]
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xyz"]
    model = helper.make_model(
        helper.make_graph(nodes, "g", value[:1], value[1:], [one]),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    onnx.save_model(model, tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("spinning", list(Spinning))
def test_a_run_gives_all_outputs_or_those_named(graph: Path, spinning: Spinning) -> None:
    session = open_session(graph, SessionOptions(threads=1, spinning=spinning))
    x = np.array([1.0, 2.0], np.float32)
    assert [out.tolist() for out in session.run({"x": x})] == [[2.0, 3.0], [2.0, 4.0]]
    assert session.run({"x": x}, ["z"])[0].tolist() == [2.0, 4.0]
    assert (session.inputs, session.outputs) == (("x",), ("y", "z"))


def test_a_bound_run_reads_what_the_arrays_hold_now(graph: Path) -> None:
    session = open_session(graph)
    x, y, z = (np.zeros(2, np.float32) for _ in range(3))
    binding = _bind(session, x, y, z)
    x[:] = [5.0, 6.0]
    binding.run()
    assert y.tolist() == [6.0, 7.0]
    x[:] = [1.0, 1.0]
    binding.run()
    assert z.tolist() == [2.0, 2.0]


def test_one_array_can_be_input_and_output(graph: Path) -> None:
    x, z = np.zeros(1, np.float32), np.zeros(1, np.float32)
    binding = _bind(open_session(graph), x, x, z)
    binding.run()
    binding.run()
    assert x.tolist() == [2.0]


def test_a_strided_array_is_refused(graph: Path) -> None:
    with pytest.raises(InternalError, match="not contiguous"):
        Binding(open_session(graph)).bind_input("x", np.zeros(4, np.float32)[::2])


def test_a_failing_run_is_our_error_and_names_the_graph(graph: Path) -> None:
    session = open_session(graph)
    with pytest.raises(InternalError, match=r"model\.onnx"):
        session.run({"x": np.zeros((1, 2), np.float32)})
    with pytest.raises(InternalError, match=r"model\.onnx"):
        Binding(session).run()


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x0a\x12"])
def test_a_broken_graph_is_a_model_file_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelFileError):
        open_session(tmp_path / "model.onnx")
    with pytest.raises(ModelFileError, match="no graph"):
        open_session(tmp_path / "absent.onnx")


def test_a_profile_is_written_where_asked(graph: Path, tmp_path: Path) -> None:
    session = open_session(graph, SessionOptions(profile=tmp_path / "profile"))
    session.run({"x": np.zeros(1, np.float32)})
    assert "Add" in session.end_profile().read_text()


def _bind(session: Session, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Binding:
    binding = Binding(session)
    binding.bind_input("x", x)
    binding.bind_output("y", y)
    binding.bind_output("z", z)
    return binding
