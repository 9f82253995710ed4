"""The float32 model, run with one layer's weights in memory at a time. It writes no weights to disk.

Every window goes through a layer in one run, in a graph of that layer alone whose weights are inputs. The
layer's graph comes from the same functions as the compiled one; tests hold both to a forward pass in numpy.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.balance import Group, column_size
from prudent.compiler.graph.assembly import Assembly, Lowering
from prudent.compiler.graph.builder import NUMPY_TYPES, GraphBuilder
from prudent.compiler.graph.decoder import begin, cache_inputs, decoder_layer, head
from prudent.compiler.graph.matrix import Matrix
from prudent.compiler.graph.normalization import Residual
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Float32
from prudent.compiler.graph.values import Placement, Value
from prudent.compiler.plan import DecoderPlan, LayerPlan
from prudent.compiler.readers.weights import FloatArray, Weights
from prudent.compiler.windows import Windows
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session

_GRAPH_FILE = "reference.onnx"


class Reference:
    """Hidden states of all windows, taken forward layer by layer."""

    def __init__(
        self,
        plan: DecoderPlan,
        weights: Weights,
        windows: Windows,
        scratch: Path,
        groups: tuple[Group, ...],
    ) -> None:
        """Look the tokens up; `scratch` is a folder for small graphs, `groups` are measured on the way."""
        self._plan = plan
        self._groups = groups
        self._input_sizes: dict[Group, FloatArray] = {}
        self._weights = weights
        self._windows = windows
        self._graph_file = scratch / _GRAPH_FILE
        self._hidden = _look_up(plan, weights, windows.ids)
        self._layers_done = 0
        self._head: ReferenceHead | None = None

    def advance(self, layer: LayerPlan) -> None:
        """Take the hidden states through a layer. Layers come in order; one that is behind is left alone."""
        if layer.index < self._layers_done:
            return
        sink, precision = _FeedSink(), _Observed()
        assembly = self._begin(sink, precision)
        graph = assembly.graph
        batch, length, size = self._hidden.shape
        x = graph.input("hidden", ("batch", "tokens", size))
        past = cache_inputs(assembly, layer.index, "batch")
        residual, _ = decoder_layer(assembly, Residual(x), layer, past, rows=None)
        graph.output(_sum(graph, residual))
        fed = {
            group: precision.inputs[group.matrices[0]]
            for group in self._groups
            if group.matrices[0] in precision.inputs
        }
        for value in fed.values():
            graph.output(value)
        config = self._plan.config
        empty = np.zeros((batch, config.kv_heads, 0, config.head_dim), np.float32)
        feeds = {
            "hidden": self._hidden,
            past.key.name: empty,
            past.value.name: empty,
            "seqlens_k": (self._windows.lengths - 1).astype(np.int32),
            "total_length": np.array([length], np.int32),
        }
        self._hidden, *inputs = self._session(graph).run({**sink.feeds, **feeds})
        for group, rows in zip(fed, inputs, strict=True):
            self._input_sizes[group] = column_size([rows[self._windows.is_text]])
        self._layers_done += 1

    def input_size(self, group: Group) -> FloatArray:
        """How large each input of a group was (see `column_size`), once its layer is done."""
        if group.sources == (self._plan.final_norm,) and group not in self._input_sizes:
            hidden = self._hidden[self._windows.is_text]
            scale = np.sqrt(np.square(hidden).mean(-1, keepdims=True) + self._plan.epsilon)
            normed = hidden / scale * self._weights.read(self._plan.final_norm)
            self._input_sizes[group] = column_size([normed])
        return self._input_sizes[group]

    def head(self) -> ReferenceHead:
        """The last step, from hidden states to logits, once every layer is done."""
        if self._head is None:
            self._head = self._make_head()
        return self._head

    def _make_head(self) -> ReferenceHead:
        sink = _FeedSink()
        assembly = self._begin(sink, Float32())
        x = assembly.graph.input("hidden", ("rows", self._plan.config.hidden_size))
        assembly.graph.output(head(assembly, Residual(x)))
        return ReferenceHead(self._session(assembly.graph), sink.feeds, self._hidden)

    def _begin(self, sink: _FeedSink, precision: Float32) -> Assembly:
        return begin(
            GraphBuilder(sink),
            self._plan,
            self._weights,
            precision,
            Lowering(),
            batch="batch",
            positions=self._windows.ids.shape[1],
        )

    def _session(self, graph: GraphBuilder) -> Session:
        self._graph_file.write_bytes(serialize(graph.build(), ""))
        try:
            return open_session(self._graph_file, SessionOptions(spinning=Spinning.NEVER))
        finally:
            self._graph_file.unlink()


class ReferenceHead:
    """Logits of the reference, some rows at a time: all of them together would be gigabytes."""

    def __init__(self, session: Session, feeds: dict[str, NDArray[Any]], hidden: FloatArray) -> None:
        self._session = session
        self._feeds = feeds
        self._hidden = hidden

    def logits(self, window: int, start: int, stop: int) -> FloatArray:
        """Logits (stop - start, vocab_size) of positions of a window."""
        unused = {"seqlens_k": np.zeros(1, np.int32), "total_length": np.ones(1, np.int32)}
        feeds = {**self._feeds, **unused, "hidden": self._hidden[window, start:stop]}
        return self._session.run({name: feeds[name] for name in self._session.inputs})[0]


class _Observed(Float32):
    """Remembers what each tensor's matrix was multiplied with."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: dict[str, Value] = {}

    def linear(self, graph: GraphBuilder, x: Value, matrix: Matrix, name: str) -> Value:
        """See `Precision.linear`."""
        self.inputs |= dict.fromkeys(matrix.tensors, x)
        return super().linear(graph, x, matrix, name)


class _FeedSink:
    """Keeps weights as arrays to feed; the graph then has them as inputs."""

    def __init__(self) -> None:
        self.feeds: dict[str, NDArray[Any]] = {}

    def place(self, value: Value, chunks: Iterable[NDArray[Any]]) -> Placement | None:
        """Keep a weight. Filled chunk by chunk: joining them would hold a vocabulary-sized matrix twice."""
        shape = tuple(dim for dim in value.shape if isinstance(dim, int))
        array = np.empty(shape, NUMPY_TYPES[value.dtype])
        flat, filled = array.reshape(-1), 0
        for chunk in chunks:
            flat[filled : filled + chunk.size] = chunk.reshape(-1)
            filled += chunk.size
        self.feeds[value.name] = array
        return None


def _look_up(plan: DecoderPlan, weights: Weights, ids: NDArray[np.int64]) -> FloatArray:
    """Embeddings (windows, length, hidden), reading only the rows of tokens that occur."""
    tokens, places = np.unique(ids, return_inverse=True)
    rows = np.concatenate([weights.read(plan.embedding, int(token), int(token) + 1) for token in tokens])
    return rows[places].reshape(*ids.shape, -1) * np.float32(plan.embedding_scale)


def _sum(graph: GraphBuilder, residual: Residual) -> Value:
    return graph.node("Add", [residual.stream, residual.pending], [("hidden_out", residual.stream.shape)])[0]
