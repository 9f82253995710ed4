"""Which route multiplies fastest: MatMulNBits by bits and block, or byte products by rows or tensors.

    python -m benchmarks.kernels.matmul [--shape 0.5B | encoder | whisper] [--rows 1 16 64 512] [--rounds 5]

The four matrices of a layer, in several layers so that the weights do not stay in the processor's cache;
GOP/s (2 x rows x inputs x outputs). All routes take turns in one run; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from benchmarks.kernels.matrices import ROUTES, Net, Route
from benchmarks.machine import describe, keep

from prudent.runtime.session import Session

# (inputs, outputs) of a layer's matrices, and how many layers: at least 64 MB of weights at 8 bits.
SHAPES = {
    "0.5B": (((896, 1152), (896, 896), (896, 9728), (4864, 896)), 5),
    "135M": (((576, 960), (576, 576), (576, 3072), (1536, 576)), 18),
    "encoder": (((384, 1152), (384, 384), (384, 1536), (1536, 384)), 12),
    "whisper": (((512, 1536), (512, 512), (512, 2048), (2048, 512)), 6),
}


def stack(route: Route, shape: str) -> Session:
    """All matrices of all layers, each over as many columns of x as it takes."""
    matrices, layers = SHAPES[shape]
    net, x, outputs = Net(), "x", []
    start, stop, step = (net.constant([n], np.int64) for n in (0, 1, 1))
    axis = net.constant([1], np.int64)
    widest = max(inputs for inputs, _ in matrices)
    for _ in range(layers):
        for inputs, count in matrices:
            part = net.node("Slice", [x, start, net.constant([inputs], np.int64), axis, step])
            y = route(net, part, inputs, count)
            outputs.append(net.node("Slice", [y, start, stop, axis, step]))
    return net.open(outputs, widest)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shape", choices=SHAPES, default="0.5B")
    parser.add_argument("--rows", nargs="+", type=int, default=[1, 4, 16, 64, 512])
    parser.add_argument("--routes", nargs="+", choices=ROUTES, default=list(ROUTES))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    matrices, layers = SHAPES[options.shape]
    products = layers * sum(inputs * outputs for inputs, outputs in matrices)
    sessions = {name: stack(ROUTES[name], options.shape) for name in options.routes}
    figures: dict[str, dict[str, list[float]]] = {}
    for rows in options.rows:
        widest = max(inputs for inputs, _ in matrices)
        x = np.random.default_rng(0).standard_normal((rows, widest)).astype(np.float32)
        for number in range(options.rounds + 1):
            for name, session in sessions.items():
                seconds = time_of(session, x)
                if number:
                    figures.setdefault(f"{rows} rows", {}).setdefault(name, []).append(
                        2e-9 * rows * products / seconds
                    )
    machine = describe()
    print(f"{machine['processor']}, {', '.join(machine['instructions'])}; {options.shape}, GOP/s")
    print(f"{'':20}" + "".join(f"{rows:>10}" for rows in figures))
    for name in sessions:
        print(f"{name:20}" + "".join(f"{statistics.median(sides[name]):10.0f}" for sides in figures.values()))
    print(f"raw run: {keep('matmul', vars(options), figures).name}")


def time_of(session: Session, x: np.ndarray) -> float:
    """Median seconds of a run, over a tenth of a second."""
    times: list[float] = []
    stop = time.perf_counter() + 0.1
    while not times or time.perf_counter() < stop:
        started = time.perf_counter()
        session.run({"x": x})
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
