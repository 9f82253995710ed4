"""Whether one wide matrix beats the narrow ones it consists of: queries, keys and values; gate and up.

    python -m benchmarks.kernels.fused [--route "uint8, rows"] [--rows 1 16 128 512] [--rounds 5]

Milliseconds for all layers of a stack of Qwen2.5-0.5B's matrices, apart against together with the Split that
takes the product apart again. The two take turns in one run; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np
from benchmarks.kernels.matmul import time_of
from benchmarks.kernels.matrices import ROUTES, Net, Route
from benchmarks.machine import describe, keep

from prudent.runtime.session import Session

INPUTS = 896
GROUPS = {"query, key, value": ((896, 128, 128), 40), "gate, up": ((4864, 4864), 6)}


def stack(route: Route, outputs: tuple[int, ...], layers: int, *, fused: bool) -> Session:
    """Layers of a group of matrices over one input."""
    net, results = Net(), []
    for layer in range(layers):
        # Every layer has an input of its own, as in a decoder: row scales are shared within a group only.
        x = net.node("Add", ["x", net.constant([0.01 * layer])])
        if fused:
            whole = route(net, x, INPUTS, sum(outputs))
            results += net.split(whole, outputs)
        else:
            results += [route(net, x, INPUTS, count) for count in outputs]
    return net.open(results, INPUTS)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--routes", nargs="+", choices=ROUTES, default=["uint8, rows", "8 bit, block 128"])
    parser.add_argument("--rows", nargs="+", type=int, default=[1, 16, 128, 512])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    machine = describe()
    print(
        f"{machine['processor']}, {', '.join(machine['instructions'])}; ms apart, together, apart / together"
    )
    figures: dict[str, dict[str, list[float]]] = {}
    for route in options.routes:
        for group, (outputs, layers) in GROUPS.items():
            sides = {
                "apart": stack(ROUTES[route], outputs, layers, fused=False),
                "together": stack(ROUTES[route], outputs, layers, fused=True),
            }
            for rows in options.rows:
                x = np.random.default_rng(0).standard_normal((rows, INPUTS)).astype(np.float32)
                times: dict[str, list[float]] = {side: [] for side in sides}
                for number in range(options.rounds + 1):
                    for side, session in sides.items():
                        seconds = time_of(session, x)
                        if number:
                            times[side].append(1e3 * seconds)
                key = f"{route}; {group}; {rows} rows"
                figures[key] = times
                apart, together = (statistics.median(values) for values in times.values())
                print(f"{key:48}{apart:9.2f}{together:9.2f}{apart / together:7.2f}")
    print(f"raw run: {keep('fused', vars(options), figures).name}")


if __name__ == "__main__":
    main()
