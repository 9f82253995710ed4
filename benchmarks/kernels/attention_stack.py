"""One side of the attention benchmark: the attention of a whole decoder, and nothing else of it.

Run as `-m benchmarks.kernels.attention_stack SHAPE KV`: reads `ROWS NEW CONTEXT` a line, answers with
milliseconds a run. Every layer has a cache of its own, as in a decoder: one layer's would stay in the
processor's cache from run to run.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from prudent.runtime.binding import Binding
from prudent.runtime.session import SessionOptions, open_session

LONGEST = 4096
MOST_ROWS = 16
SECONDS = 0.2


@dataclass(frozen=True)
class Shape:
    """The attention of a decoder."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int = 64


SHAPES = {"0.5B": Shape(24, 14, 2), "135M": Shape(30, 9, 3)}
CACHES = {"float32": (np.float32, 0), "int8": (np.int8, 8), "int4": (np.uint8, 4)}


class Stack:
    """Layers of GroupQueryAttention over one cache."""

    def __init__(self, shape: Shape, cache: str) -> None:
        self._shape = shape
        self._type, self._bits = CACHES[cache]
        width = shape.head_dim // 2 if self._bits == 4 else shape.head_dim
        self._row = (shape.kv_heads, LONGEST, width)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "stack.onnx"
            file.write_bytes(self._graph().SerializeToString())
            self._session = open_session(file, SessionOptions())
        # Filled, so that every page is memory of its own, and once: it takes longer than a measurement.
        self._buffers = [np.full((MOST_ROWS, *self._row), 1, self._type) for _ in range(2 * shape.layers)]

    def milliseconds(self, rows: int, new: int, context: int) -> float:
        """Median of a run: `rows` rows of `new` tokens, lengths spread from half to all of `context`."""
        shape = self._shape
        lengths = np.linspace(context if rows == 1 else context / 2, context, rows).astype(np.int32)
        binding = Binding(self._session)
        width = (shape.heads + 2 * shape.kv_heads) * shape.head_dim
        qkv = np.random.default_rng(0).standard_normal((rows, new, width)).astype(np.float32)
        binding.bind_input("qkv", qkv)
        binding.bind_input("seqlens_k", lengths - 1)
        binding.bind_input("total_length", lengths.max(keepdims=True))
        for layer in range(shape.layers):
            for kind in (0, 1):
                buffer = self._buffers[2 * layer + kind][:rows]
                binding.bind_input(f"past_{kind}_{layer}", buffer)
                binding.bind_output(f"present_{kind}_{layer}", buffer)
            out = np.empty((rows, new, shape.heads * shape.head_dim), np.float32)
            binding.bind_output(f"heads_{layer}", out)
        binding.run()
        times: list[float] = []
        stop = time.perf_counter() + SECONDS
        while len(times) < 3 or time.perf_counter() < stop:
            started = time.perf_counter()
            binding.run()
            times.append(time.perf_counter() - started)
        return 1e3 * statistics.median(times)

    def _graph(self) -> onnx.ModelProto:
        shape = self._shape
        angles = np.arange(LONGEST)[:, None] / 10000 ** (np.arange(0, shape.head_dim, 2) / shape.head_dim)
        scale = np.full((1, shape.kv_heads, 1, shape.head_dim), 0.01, np.float32)
        constants = {"cos": np.cos(angles), "sin": np.sin(angles), "scale": scale}
        element = helper.np_dtype_to_tensor_dtype(np.dtype(self._type))
        attributes = {"num_heads": shape.heads, "kv_num_heads": shape.kv_heads, "do_rotary": 1}
        scales = ["", "", ""]
        if self._bits:
            attributes |= {"kv_cache_bit_width": self._bits}
            attributes |= {"k_quant_type": "PER_CHANNEL", "v_quant_type": "PER_CHANNEL"}
            scales = ["", "", "", "scale", "scale"]
        cache = ["rows", *self._row[:1], "length", self._row[2]]
        inputs = [
            helper.make_tensor_value_info("qkv", TensorProto.FLOAT, ["rows", "new", None]),
            helper.make_tensor_value_info("seqlens_k", TensorProto.INT32, ["rows"]),
            helper.make_tensor_value_info("total_length", TensorProto.INT32, [1]),
        ]
        outputs, nodes = [], []
        for layer in range(shape.layers):
            past = [f"past_{kind}_{layer}" for kind in (0, 1)]
            made = [f"heads_{layer}", f"present_0_{layer}", f"present_1_{layer}"]
            inputs += [helper.make_tensor_value_info(name, element, cache) for name in past]
            outputs.append(helper.make_tensor_value_info(made[0], TensorProto.FLOAT, None))
            outputs += [helper.make_tensor_value_info(name, element, cache) for name in made[1:]]
            given = ["qkv", "", "", *past, "seqlens_k", "total_length", "cos", "sin", *scales]
            while not given[-1]:
                given.pop()
            nodes.append(
                helper.make_node(
                    "GroupQueryAttention", given, made, f"gqa_{layer}", domain="com.microsoft", **attributes
                )
            )
        tensors = [onnx.numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()]
        graph = helper.make_graph(nodes, "attention", inputs, outputs, tensors)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def main() -> None:
    """Serve jobs."""
    stack = Stack(SHAPES[sys.argv[1]], sys.argv[2])
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        rows, new, context = map(int, line.split())
        print(json.dumps({"ms": stack.milliseconds(rows, new, context)}), flush=True)


if __name__ == "__main__":
    main()
