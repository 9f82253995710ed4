"""What an encoder gives for the calibration texts: the float32 one, for comparison, and a compiled one.

The words that occur are looked up here, so the vocabulary's table (384 MB as float32) is never made; the
layers' weights lie in a scratch file for the length of the run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.encoder_plan import EncoderPlan
from prudent.compiler.encoder_texts import EncoderTexts
from prudent.compiler.graph.encoder import Head, encoder_layers_graph
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Float32
from prudent.compiler.readers.weights import FloatArray, Weights
from prudent.runtime.session import SessionOptions, Spinning, open_session

_GRAPH_FILE = "reference.onnx"
_WEIGHTS_FILE = "reference.data"


def reference_vectors(
    plan: EncoderPlan, weights: Weights, texts: EncoderTexts, scratch: Path, head: Head | None = None
) -> FloatArray:
    """The first output for each text: vectors (texts, hidden_size), or what a `head` gives.

    `scratch` is a folder for two files that are gone afterwards.
    """
    graph_file, weights_file = scratch / _GRAPH_FILE, scratch / _WEIGHTS_FILE
    try:
        with weights_file.open("wb") as file:
            graph = encoder_layers_graph(plan, weights, ExternalFile(file), Float32(), head)
        graph_file.write_bytes(serialize(graph, _WEIGHTS_FILE))
        session = open_session(graph_file, SessionOptions(spinning=Spinning.NEVER))

        def run(ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> FloatArray:
            return session.run({"words": _look_up(plan, weights, ids), "lengths": lengths})[0]

        return texts.vectors(run)
    finally:
        graph_file.unlink(missing_ok=True)
        weights_file.unlink(missing_ok=True)


def compiled_vectors(graph: Path, texts: EncoderTexts) -> FloatArray:
    """The first output of a compiled graph for each text."""
    session = open_session(graph, SessionOptions(spinning=Spinning.NEVER))

    def run(ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> FloatArray:
        return session.run({"input_ids": ids, "lengths": lengths})[0]

    return texts.vectors(run)


def _look_up(plan: EncoderPlan, weights: Weights, ids: NDArray[np.int64]) -> FloatArray:
    """Word embeddings (texts, tokens, hidden), reading only the rows of words that occur."""
    words, places = np.unique(ids, return_inverse=True)
    rows = np.concatenate([weights.read(plan.words, int(word), int(word) + 1) for word in words])
    return rows[places].reshape(*ids.shape, -1)
