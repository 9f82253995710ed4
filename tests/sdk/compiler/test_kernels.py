"""Every quantised matrix runs on an int8 kernel: settings are refused early, and ONNX Runtime's own log and
profile are asked, each first with a node that is known to be slow."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from prudent.compiler.graph.builder import GraphError
from prudent.compiler.graph.kernels import require_fast_kernel
from prudent.compiler.graph.values import DType, Value
from prudent.compiler.quantize import quantize_rows
from prudent.runtime.session import LogLevel, SessionOptions, open_session

FAST = {"K": 896, "N": 64, "bits": 8, "block_size": 128, "accuracy_level": 4}
X, VALUES, SCALES = Value("x", (1, 896)), Value("v", (64, 7, 128), DType.UINT8), Value("s", (64, 7))
PRODUCTS = ("MatMulNBits", "MatMulIntegerToFloat")
FALLBACK = "Falling back to using unpacked compute mode"


def test_fast_settings_pass():
    require_fast_kernel(FAST, (X, VALUES, SCALES))
    require_fast_kernel(FAST, (X, VALUES, SCALES, Value("z", (64, 7), DType.UINT8), None, Value("b", (64,))))


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"accuracy_level": 0}, ()),
        ({"bits": 3}, ()),
        ({"block_size": 48}, ()),
        ({"block_size": 512}, ()),
        ({"K": 900}, ()),
        ({}, (Value("z", (64, 7)),)),
        ({}, (None, Value("g", (896,), DType.INT32))),
    ],
)
def test_settings_without_an_int8_kernel_are_refused(change, more):
    with pytest.raises(GraphError, match="no int8 kernel"):
        require_fast_kernel({**FAST, **change}, (X, VALUES, SCALES, *more))


def slow_graph(path, outputs, inputs):
    """A MatMulNBits whose accuracy level has no kernel at 8 bits."""
    values, scales = quantize_rows(np.ones((outputs, inputs), np.float32), 64)
    node = helper.make_node(
        "MatMulNBits",
        ["x", "values", "scales"],
        ["y"],
        "slow",
        domain="com.microsoft",
        K=inputs,
        N=outputs,
        bits=8,
        block_size=64,
        accuracy_level=0,
    )
    graph = helper.make_graph(
        [node],
        "slow",
        [helper.make_tensor_value_info("x", 1, [1, inputs])],
        [helper.make_tensor_value_info("y", 1, [1, outputs])],
        [numpy_helper.from_array(values, "values"), numpy_helper.from_array(scales, "scales")],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    return path


def decode_feeds(config):
    """One new token for one row, after a prompt of 7."""
    past = np.zeros((1, config.kv_heads, 7, config.head_dim), np.float32)
    feeds = {
        "input_ids": np.ones((1, 1), np.int64),
        "seqlens_k": np.array([7], np.int32),
        "total_length": np.array([8], np.int32),
        "logit_rows": np.zeros(1, np.int64),
    }
    return feeds | {f"past_{part}_{i}": past for part in ("key", "value") for i in range(config.layers)}


def test_runtime_log_tells_of_no_fallback(smol_artifact, tmp_path, capfd):
    options = SessionOptions(log_level=LogLevel.INFO)
    slow = open_session(slow_graph(tmp_path / "slow.onnx", 96, 576), options)
    slow.run({"x": np.ones((1, 576), np.float32)})
    assert FALLBACK in capfd.readouterr().err, "the log no longer tells; the rest of this test would be blind"
    session = open_session(smol_artifact.graph, options)
    session.run(decode_feeds(smol_artifact.config))
    assert FALLBACK not in capfd.readouterr().err


def kernel_times(profile):
    """Shortest time of each quantised product in microseconds, by node name."""
    times = {}
    for event in json.loads(profile.read_text()):
        if event["cat"] == "Node" and event["args"].get("op_name") in PRODUCTS:
            name = event["name"].removesuffix("_kernel_time")
            times[name] = min(event["dur"], times.get(name, np.inf))
    return times


def test_profile_shows_every_matrix_at_the_speed_of_the_int8_kernel(smol_artifact, tmp_path):
    slow = open_session(
        slow_graph(tmp_path / "slow.onnx", 1536, 576), SessionOptions(profile=tmp_path / "slow")
    )
    fast = open_session(smol_artifact.graph, SessionOptions(profile=tmp_path / "fast"))
    feeds = decode_feeds(smol_artifact.config)
    for _ in range(10):
        slow.run({"x": np.ones((1, 576), np.float32)})
        fast.run(feeds)
    (slow_time,) = kernel_times(slow.end_profile()).values()
    times = kernel_times(fast.end_profile())
    graph = onnx.load(smol_artifact.graph, load_external_data=False).graph
    elements = {tensor.name: int(np.prod(tensor.dims)) for tensor in graph.initializer}
    weights = {node.name: elements[node.input[1]] for node in graph.node if node.op_type in PRODUCTS}
    assert len(weights) == 4 * smol_artifact.config.layers + 1  # qkv, output, gate and up, down; the head
    assert set(times) == set(weights)
    slow_pace = slow_time / (1536 * 576)
    for name, count in weights.items():
        pace = times[name] / count
        assert pace < slow_pace / 5, f"{name}: {pace / slow_pace:.2f} of the slow kernel's time a weight"
