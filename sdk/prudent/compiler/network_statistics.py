"""What flows through a float32 network on calibration inputs: ranges of values and means of channels.

It runs a graph and knows neither images nor int8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.imported.graph import OnnxGraph, serialize_onnx
from prudent.compiler.imported.quantizing import Range
from prudent.compiler.readers.weights import FloatArray
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session

RANGE_MARGIN: Final = 1.1
"""Ranges are the mean of every input's extremes times this. The extremes of all inputs together waste levels
on outliers: the spike measured 0.8 points of top-1 between the two rules."""

_CHANNEL_AXIS: Final = 1
_ANY_IMAGE: Final = ("batch", "channels", "height", "width")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of every value by name: its range, and the mean of each of its channels where it has some."""

    ranges: dict[str, Range]
    means: dict[str, FloatArray]


def open_float(graph: OnnxGraph, scratch: Path) -> Session:
    """A session of a graph that is still being worked on; `scratch` is a file to use and remove."""
    scratch.write_bytes(serialize_onnx(graph))
    try:
        return open_session(scratch, SessionOptions(spinning=Spinning.NEVER))
    finally:
        scratch.unlink()


def network_statistics(
    graph: OnnxGraph, names: Iterable[str], feeds: Iterable[dict[str, NDArray[np.uint8]]], scratch: Path
) -> Statistics:
    """Run the graph on each of `feeds` and look at the float values `names`.

    The graph is left as it was.
    """
    wanted = list(names)
    outputs = dict(graph.outputs)
    graph.outputs.update({name: (np.dtype(np.float32), _ANY_IMAGE) for name in wanted if name not in outputs})
    try:
        session = open_float(graph, scratch)
    finally:
        graph.outputs = outputs
    extremes: list[list[Range]] = []
    means: dict[str, list[FloatArray]] = {name: [] for name in wanted}
    for feed in feeds:
        values = session.run(feed, wanted)
        extremes.append([(float(value.min()), float(value.max())) for value in values])
        for name, value in zip(wanted, values, strict=True):
            others = tuple(axis for axis in range(value.ndim) if axis != _CHANNEL_AXIS)
            means[name].append(value.mean(axis=others))
    middle = RANGE_MARGIN * np.asarray(extremes).mean(axis=0)
    return Statistics(
        {name: (float(low), float(high)) for name, (low, high) in zip(wanted, middle, strict=True)},
        {name: np.mean(rows, axis=0) for name, rows in means.items()},
    )
