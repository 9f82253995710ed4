"""What the machine can do at best: bytes read a second, and byte products a second. Knows no model.

Each probe takes about half a second on every core that this process may use, and is the best of several
tries: a disturbance can only make a machine look slower than it is.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.values import DType
from prudent.diagnosis.figures import Limits
from prudent.runtime.machine import Machine
from prudent.runtime.session import SessionOptions, open_session

_SECONDS = 0.5
_LARGEST_BUFFER = 512 << 20
"""More than most caches hold."""

_SHARE_OF_MEMORY = 8
_ROWS, _INPUTS, _OUTPUTS = 512, 1024, 4096
_WEIGHTS_FILE = "weights.data"


def measure_limits(machine: Machine) -> Limits:
    """Measure this machine.

    Raises:
        PrudentError: ONNX Runtime does not run here.
        MemoryError: there is not enough memory to measure with.
    """
    return Limits(bandwidth=_bandwidth(machine), byte_products=_byte_products(machine.usable))


def _bandwidth(machine: Machine) -> float:
    """Every thread looks for the largest byte of its part: reads all, writes nothing, computes little."""
    available = min(
        (size for size in (machine.memory_available, machine.memory_limit) if size is not None),
        default=_SHARE_OF_MEMORY * _LARGEST_BUFFER,
    )
    size = min(_LARGEST_BUFFER, available // _SHARE_OF_MEMORY)
    parts = np.array_split(np.ones(size, np.uint8), machine.usable)  # ones: memory, not the zero page
    with ThreadPoolExecutor(machine.usable) as pool:
        return size / _best(lambda: list(pool.map(np.max, parts)))


def _byte_products(threads: int) -> float:
    """A product of uint8 activations and int8 weights, as wide as those of a prompt."""
    weights = np.random.default_rng(0).integers(-64, 64, (_INPUTS, _OUTPUTS), np.int8)
    with tempfile.TemporaryDirectory(prefix="prudent-probe-") as name:
        folder = Path(name)
        with (folder / _WEIGHTS_FILE).open("wb") as file:
            graph = GraphBuilder(ExternalFile(file))
            x = graph.input("x", ("rows", _INPUTS), DType.UINT8)
            w = graph.weight("w", weights.shape, DType.INT8, [weights])
            (y,) = graph.node("MatMulInteger", [x, w], [("y", ("rows", _OUTPUTS))], dtype=DType.INT32)
            graph.output(y)
        (folder / "probe.onnx").write_bytes(serialize(graph.build(), _WEIGHTS_FILE))
        session = open_session(folder / "probe.onnx", SessionOptions(threads=threads))
        feeds = {"x": np.full((_ROWS, _INPUTS), 100, np.uint8)}
        return 2.0 * _ROWS * _INPUTS * _OUTPUTS / _best(lambda: session.run(feeds))


def _best(work: Callable[[], object]) -> float:
    """Seconds that the work takes at best; three tries at least."""
    times: list[float] = []
    stop = time.perf_counter() + _SECONDS
    while len(times) < 3 or time.perf_counter() < stop:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
