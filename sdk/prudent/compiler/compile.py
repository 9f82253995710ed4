"""From a weight file to a compiled folder: read, plan, build, quantise, measure, write the card.

It knows the order of the steps and none of their insides. Memory stays near one layer's float32 weights
while the graph is built, and near the compiled model plus a float32 head while it is measured.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prudent.compiler.balance import BalancedWeights, Group, balanced_groups
from prudent.compiler.calibration import calibration_text
from prudent.compiler.families import FAMILIES
from prudent.compiler.families.spec import DecoderSpec
from prudent.compiler.gate import Comparison, Limits
from prudent.compiler.graph.assembly import Lowering
from prudent.compiler.graph.decoder import decoder_graph
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Float32, Int8, Precision
from prudent.compiler.graph.row_precision import RowInt8
from prudent.compiler.held_weights import HeldWeights
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.measure import measure
from prudent.compiler.plan import DecoderPlan, LayerPlan, plan_decoder
from prudent.compiler.quantize import distinct_limits
from prudent.compiler.readers import open_weights
from prudent.compiler.readers.weights import FloatArray, Weights
from prudent.compiler.records import write_records
from prudent.compiler.reference import Reference
from prudent.compiler.staging import staged
from prudent.compiler.windows import LONGEST, Windows, cut_windows
from prudent.errors import ModelFileError
from prudent.runtime.artifact import (
    GRAPH_FILE,
    WEIGHTS_FILE,
    Accuracy,
    DecoderArtifact,
    Target,
)
from prudent.runtime.processor import Kernels
from prudent.tokenizer.encoding import Tokenizer
from prudent.tokenizer.spec import TokenizerSpec
from prudent.types.progress import Progress, ProgressListener


def compile_decoder(
    source: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    kernels: Kernels = "block",
    lowering: Lowering | None = None,
    limits: Limits | None = None,
    families: Mapping[str, DecoderSpec] = FAMILIES,
    progress: ProgressListener | None = None,
) -> DecoderArtifact:
    """Compile a weight file into `folder`, which appears whole or not at all.

    The int8 target uses the largest quantisation block with which `limits` hold, measured on the
    calibration text; with `kernels` "row" matrices have one scale a row instead, as many of them as the
    limits allow. Of several processes one at a time may compile into a folder.

    Raises:
        ModelFileError: the file is damaged.
        UnsupportedModelError: the file is sound and prudent cannot compile what is in it.
        AccuracyGateError: no block size keeps int8 within `limits`.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    with closing(open_weights(source)) as weights, staged(folder) as staging:
        plan = plan_decoder(weights, families)
        tokenizer = TokenizerSpec.from_metadata(weights.metadata)
        job = _Job(identity, plan, weights, staging, lowering or Lowering(), progress)
        if target == "float32":
            precision, accuracy = _compile_float32(job), None
        else:
            precision, accuracy = _compile_int8(job, Tokenizer(tokenizer), limits or Limits(), kernels)
        write_records(
            staging,
            identity,
            weights,
            config=plan.config,
            tokenizer=tokenizer,
            target=target,
            precision={**precision, "norms, biases and rotary tables": "float32"},
            accuracy=accuracy,
            started=started,
        )
    return DecoderArtifact(folder)


@dataclass(frozen=True, slots=True)
class _Job:
    """One compile."""

    identity: ModelIdentity
    plan: DecoderPlan
    weights: Weights
    staging: Path
    lowering: Lowering
    progress: ProgressListener | None

    def tell(self, stage: Literal["compile", "measure"], done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(Progress(stage, self.identity.id, done, total))


def _compile_float32(job: _Job) -> dict[str, str]:
    precision = Float32()
    _write_graph(job, job.weights, precision, lambda _: None)
    return precision.used


def _compile_int8(
    job: _Job, tokenizer: Tokenizer, limits: Limits, kernels: Kernels
) -> tuple[dict[str, str], Accuracy]:
    """Try from the fastest to the most exact until the limits hold; what was written last is kept."""
    attempts = _Attempts(job, tokenizer)
    blocks = distinct_limits(job.plan.matrix_inputs)
    # Balancing is tuned on the calibration text.
    tries = [_Try(blocks[0], rows, limits.tightened()) for rows in _row_wise(job.plan, kernels)]
    tries += [_Try(block, frozenset(), limits) for block in blocks]
    *faster, most_exact = tries
    for attempt in faster:
        precision, accuracy = attempts.run(attempt, give_up=True)
        if attempt.limits.hold(accuracy):
            return precision, accuracy
    precision, accuracy = attempts.run(most_exact, give_up=False)
    if not limits.hold(accuracy):
        raise limits.broken(accuracy, job.identity.id)
    return precision, accuracy


@dataclass(frozen=True, slots=True)
class _Try:
    """Which matrices have one scale a row, the largest block of the others, and what must hold."""

    largest_block: int
    rows: frozenset[str]
    limits: Limits


def _row_wise(plan: DecoderPlan, kernels: Kernels) -> list[frozenset[str]]:
    """Sets of matrices to store row by row, the fastest first.

    A down projection loses the most: what a gate lets through has outliers even when it is balanced.
    """
    if kernels == "block":
        return []
    downs = {layer.feed_forward.down for layer in plan.layers}
    every = {matrix for group in balanced_groups(plan) for matrix in group.matrices}
    return [frozenset(every), frozenset(every - downs)]


class _Attempts:
    """Attempts at int8 that share one pass of the reference."""

    def __init__(self, job: _Job, tokenizer: Tokenizer) -> None:
        text = calibration_text()
        layers = job.plan.layers
        self._job = job
        self._text_sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._windows = _windows(job.plan, tokenizer, text)
        self._held = HeldWeights(job.weights, frozenset(name for layer in layers for name in layer.tensors))
        groups = balanced_groups(job.plan)
        self._balanced = BalancedWeights(self._held, groups, self._input_size)
        self._reference = Reference(job.plan, self._held, self._windows, job.staging, groups)
        self._layer_of = {name: layer for layer in layers for name in layer.tensors}

    def run(self, attempt: _Try, *, give_up: bool) -> tuple[dict[str, str], Accuracy]:
        """Write the graph and measure it: what was stored as what, and how exact it is.

        With `give_up` measuring stops as soon as what was seen is far from the limits.
        """
        weights, precision = self._prepare(attempt.rows, Int8(attempt.largest_block))
        _write_graph(self._job, weights, precision, self._advance)
        total, hopeful = len(self._windows.lengths), attempt.limits.hopeful()

        def go_on(done: int, found: Comparison) -> bool:
            stop = give_up and not hopeful.hold(found.accuracy(self._text_sha256))
            self._job.tell("measure", total if stop else done, total)
            return not stop

        graph, config = self._job.staging / GRAPH_FILE, self._job.plan.config
        found = measure(graph, config, self._windows, self._reference.head(), go_on)
        return precision.used, found.accuracy(self._text_sha256)

    def _prepare(self, rows: frozenset[str], blocks: Int8) -> tuple[Weights, Precision]:
        return (self._balanced, RowInt8(blocks, rows)) if rows else (self._held, blocks)

    def _input_size(self, group: Group) -> FloatArray:
        """The first layer to read a group runs through the reference just before it is quantised."""
        layer = self._layer_of.get(group.sources[0])
        if layer is not None:
            self._reference.advance(layer)
        return self._reference.input_size(group)

    def _advance(self, layer: LayerPlan) -> None:
        self._reference.advance(layer)
        self._held.release()


def _write_graph(
    job: _Job, weights: Weights, precision: Precision, on_layer: Callable[[LayerPlan], None]
) -> None:
    """Write graph and weights, replacing what an earlier attempt wrote."""
    layers = len(job.plan.layers)

    def done(layer: LayerPlan) -> None:
        on_layer(layer)
        job.tell("compile", layer.index + 1, layers + 1)

    with (job.staging / WEIGHTS_FILE).open("wb") as file:
        graph = decoder_graph(job.plan, weights, ExternalFile(file), precision, job.lowering, done)
    (job.staging / GRAPH_FILE).write_bytes(serialize(graph, WEIGHTS_FILE))
    job.tell("compile", layers + 1, layers + 1)


def _windows(plan: DecoderPlan, tokenizer: Tokenizer, text: str) -> Windows:
    tokens = tokenizer.encode(text)
    if max(tokens) >= plan.config.vocab_size:
        raise ModelFileError(
            f"The tokenizer has the token {max(tokens)} and the model knows {plan.config.vocab_size}.",
            hint="The file is damaged; fetch it again.",
        )
    return cut_windows(tokens, min(LONGEST, plan.config.context_length))
