"""From a weight file to a compiled encoder's folder: read, plan, build, quantise, compare, write the card.

It knows the order of the steps and none of their insides.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prudent.compiler.encoder_gate import EncoderLimits, compare_vectors
from prudent.compiler.encoder_plan import EncoderLayerPlan, EncoderPlan, plan_encoder
from prudent.compiler.encoder_precisions import from_fastest
from prudent.compiler.encoder_reference import compiled_vectors, reference_vectors
from prudent.compiler.encoder_texts import EncoderTexts, calibration_texts
from prudent.compiler.families import ENCODER_FAMILIES
from prudent.compiler.families.encoder_spec import EncoderSpec
from prudent.compiler.graph.encoder import EncoderLowering, encoder_graph
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Float32, Precision
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.readers import open_weights
from prudent.compiler.readers.weights import Weights
from prudent.compiler.records import write_records
from prudent.compiler.staging import staged
from prudent.runtime.artifact import (
    GRAPH_FILE,
    WEIGHTS_FILE,
    EncoderAccuracy,
    Target,
)
from prudent.runtime.encoder_artifact import EncoderArtifact
from prudent.tokenizer.encoder_tokenizers import read_tokenizer
from prudent.types.progress import Progress, ProgressListener


def compile_encoder(
    source: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    limits: EncoderLimits | None = None,
    families: Mapping[str, EncoderSpec] = ENCODER_FAMILIES,
    progress: ProgressListener | None = None,
) -> EncoderArtifact:
    """Compile a weight file into `folder`, which appears whole or not at all.

    The int8 target has one scale for each row of a matrix and of its input, which is the fastest where many
    rows are multiplied at once, and goes over to smaller and smaller blocks until `limits` hold on the
    calibration sentences. In both a text's vector does not depend on the texts beside it. Of several
    processes one at a time may compile into a folder.

    Raises:
        ModelFileError: the file is damaged.
        UnsupportedModelError: the file is sound and prudent cannot compile what is in it.
        AccuracyGateError: no block size keeps int8 within `limits`.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    with closing(open_weights(source)) as weights, staged(folder) as staging:
        plan = plan_encoder(weights, families)
        saved, tokenizer = read_tokenizer(weights.metadata)
        job = _Job(identity, plan, weights, staging, progress)
        if target == "float32":
            precision, accuracy = _write_graph(job, Float32()), None
        else:
            texts = calibration_texts(plan.config, tokenizer, english=plan.english)
            precision, accuracy = _compile_int8(job, texts, limits or EncoderLimits())
        write_records(
            staging,
            identity,
            weights,
            config=plan.config,
            tokenizer=saved,
            target=target,
            precision={**precision, "norms, biases and positions": "float32"},
            accuracy=accuracy,
            started=started,
        )
    return EncoderArtifact(folder)


@dataclass(frozen=True, slots=True)
class _Job:
    """One compile."""

    identity: ModelIdentity
    plan: EncoderPlan
    weights: Weights
    staging: Path
    progress: ProgressListener | None

    def tell(self, stage: Literal["compile", "measure"], done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(Progress(stage, self.identity.id, done, total))


def _compile_int8(
    job: _Job, texts: EncoderTexts, limits: EncoderLimits
) -> tuple[dict[str, str], EncoderAccuracy]:
    """Try from the fastest to the most exact until the limits hold; what was written last is kept."""
    reference = reference_vectors(job.plan, job.weights, texts, job.staging)
    accuracy: EncoderAccuracy | None = None
    for precision in from_fastest(job.plan):
        used = _write_graph(job, precision)
        job.tell("measure", 0, 1)
        vectors = compiled_vectors(job.staging / GRAPH_FILE, texts)
        accuracy = compare_vectors(reference, vectors, texts.queries, texts.sha256)
        job.tell("measure", 1, 1)
        if limits.hold(accuracy):
            return used, accuracy
    if accuracy is None:
        raise AssertionError("there is always a precision to try")
    raise limits.broken(accuracy, job.identity.id)


def _write_graph(job: _Job, precision: Precision) -> dict[str, str]:
    """Write graph and weights, replacing what an earlier attempt wrote; gives what was stored as what."""
    layers = len(job.plan.layers)

    def done(layer: EncoderLayerPlan) -> None:
        job.tell("compile", layer.index + 1, layers + 1)

    with (job.staging / WEIGHTS_FILE).open("wb") as file:
        lowering = EncoderLowering(exact_activation=isinstance(precision, Float32))
        graph = encoder_graph(job.plan, job.weights, ExternalFile(file), precision, done, lowering)
    (job.staging / GRAPH_FILE).write_bytes(serialize(graph, WEIGHTS_FILE))
    job.tell("compile", layers + 1, layers + 1)
    return precision.used
