"""The end of a recogniser's graph: the best character of each column and its probability, not all of them.

A recogniser knows up to 18,710 characters; their probabilities for every column would be most of the memory
that a run touches outside the graph.
"""

from __future__ import annotations

import numpy as np

from prudent.compiler.imported.graph import OnnxGraph, Operator
from prudent.errors import UnsupportedModelError

CHARACTERS = "characters"
PROBABILITIES = "probabilities"


def add_best_character(graph: OnnxGraph) -> None:
    """After the final softmax: outputs become (B, columns) int64 characters and float32 probabilities.

    The softmax stays, since its kernel is faster than a sum of exponentials spelled out.

    Raises:
        UnsupportedModelError: the graph does not end in a softmax over characters.
    """
    probabilities = next(iter(graph.outputs))
    producers = graph.producers()
    last = producers[probabilities]
    while last.kind in ("Reshape", "Flatten"):
        last = producers[last.inputs[0]]
    if last.kind != "Softmax":
        raise UnsupportedModelError("The recogniser does not end in a softmax over its characters.")
    graph.weights["head/last_axis"] = np.array([2], np.int64)
    graph.operators += [
        Operator("ArgMax", [probabilities], ["head/which"], {"axis": 2, "keepdims": 1}),
        Operator("GatherElements", [probabilities, "head/which"], ["head/best"], {"axis": 2}),
        Operator("Squeeze", ["head/best", "head/last_axis"], [PROBABILITIES]),
        Operator("Squeeze", ["head/which", "head/last_axis"], [CHARACTERS]),
    ]
    shape: tuple[int | str, ...] = ("batch", "columns")
    graph.outputs = {
        CHARACTERS: (np.dtype(np.int64), shape),
        PROBABILITIES: (np.dtype(np.float32), shape),
    }
    graph.drop_unused()
