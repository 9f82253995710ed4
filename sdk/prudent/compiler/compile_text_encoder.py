"""From an encoder's weight file and the tuned layers and heads on top of it to a compiled text encoder.

It knows the order of the steps and none of their insides, and no label.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]

from prudent.compiler.encoder_plan import EncoderLayerPlan, EncoderPlan, plan_encoder
from prudent.compiler.encoder_precisions import from_fastest
from prudent.compiler.encoder_reference import compiled_vectors, reference_vectors
from prudent.compiler.encoder_texts import EncoderTexts, calibration_texts
from prudent.compiler.families import ENCODER_FAMILIES
from prudent.compiler.graph.encoder import EncoderLowering, encoder_graph
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Precision
from prudent.compiler.graph.reading_heads import QUERIES, TAGS_WEIGHT, reading_heads
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.overlaid_weights import OverlaidWeights
from prudent.compiler.readers import open_weights
from prudent.compiler.readers.weights import FloatArray, Weights
from prudent.compiler.records import write_records
from prudent.compiler.staging import staged
from prudent.errors import AccuracyGateError, ModelFileError
from prudent.runtime.artifact import GRAPH_FILE, WEIGHTS_FILE, MeasuredAccuracy
from prudent.runtime.text_encoder_artifact import TextEncoderArtifact, TextEncoderConfig
from prudent.tokenizer.encoder_tokenizers import read_tokenizer
from prudent.types.progress import Progress, ProgressListener

_MOST_DIFFERENCE = 0.02
"""What int8 may move a probability by, in the mean over the calibration sentences and the labels."""


def compile_text_encoder(
    source: Path,
    tuned: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    progress: ProgressListener | None = None,
) -> TextEncoderArtifact:
    """Compile the encoder in `source` with the layers and heads in `tuned` (safetensors) over its own.

    As many layers are kept as `tuned` reaches. Weights are stored as `compile_encoder` stores them.

    Raises:
        ModelFileError: a file is damaged, or the two do not belong together.
        UnsupportedModelError: prudent cannot compile what is in the file.
        AccuracyGateError: no block size keeps int8 near float32.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    with closing(open_weights(source)) as base, staged(folder) as staging:
        plan, weights = _tuned(plan_encoder(base, ENCODER_FAMILIES), base, tuned)
        saved, tokenizer = read_tokenizer(weights.metadata)
        texts = calibration_texts(plan.config, tokenizer, english=plan.english)
        job = _Job(identity, plan, weights, staging, progress)
        precision, accuracy = _compile_int8(job, texts)
        write_records(
            staging,
            identity,
            weights,
            config=_config(plan, weights),
            tokenizer=saved,
            target="int8",
            precision={**precision, "norms, biases, positions and heads": "float32"},
            accuracy=accuracy,
            started=started,
        )
    return TextEncoderArtifact(folder)


@dataclass(frozen=True, slots=True)
class _Job:
    """One compile."""

    identity: ModelIdentity
    plan: EncoderPlan
    weights: Weights
    staging: Path
    progress: ProgressListener | None


def _tuned(plan: EncoderPlan, base: Weights, tuned: Path) -> tuple[EncoderPlan, Weights]:
    try:
        over = {name: array.astype(np.float32) for name, array in load_file(str(tuned)).items()}
    except (OSError, SafetensorError) as error:
        raise ModelFileError(f"{tuned.name} cannot be read.", hint="Install prudent again.") from error
    layers = [layer for layer in plan.layers if any(layer.query.weight == name for name in over)]
    for name, array in over.items():
        if name in base.tensors and base.tensors[name].shape != array.shape:
            raise ModelFileError(f"{tuned.name} was not made for this encoder: {name} has another shape.")
    if not layers or not {QUERIES, TAGS_WEIGHT} <= over.keys():
        raise ModelFileError(f"{tuned.name} holds no tuned layers and heads.")
    kept = plan.layers[: layers[-1].index + 1]
    plan = replace(plan, layers=kept, config=plan.config.model_copy(update={"layers": len(kept)}))
    return plan, OverlaidWeights(base, over)


def _config(plan: EncoderPlan, weights: Weights) -> TextEncoderConfig:
    return TextEncoderConfig(
        family=f"{plan.config.family} with reading heads",
        layers=plan.config.layers,
        hidden_size=plan.config.hidden_size,
        vocab_size=plan.config.vocab_size,
        max_tokens=plan.config.max_tokens,
        labels=weights.tensors[QUERIES].shape[0],
        tags=weights.tensors[TAGS_WEIGHT].shape[0],
    )


def _compile_int8(job: _Job, texts: EncoderTexts) -> tuple[dict[str, str], MeasuredAccuracy]:
    """Try from the fastest to the most exact until int8 is near float32; what was written last is kept."""
    reference = reference_vectors(job.plan, job.weights, texts, job.staging, reading_heads)
    measures: Mapping[str, float] = {}
    for precision in from_fastest(job.plan):
        used = _write_graph(job, precision)
        measures = _compared(reference, compiled_vectors(job.staging / GRAPH_FILE, texts))
        if measures["mean_probability_difference"] <= _MOST_DIFFERENCE:
            return used, MeasuredAccuracy(
                measures=dict(measures), samples=len(texts.ids), calibration_sha256=texts.sha256
            )
    raise AccuracyGateError(
        f"{job.identity.id} at int8 moves probabilities by {measures['mean_probability_difference']:.3f} in"
        f" the mean (limit {_MOST_DIFFERENCE:g}).",
        hint="Report this with the output of `prudent doctor`.",
    )


def _compared(reference: FloatArray, candidate: FloatArray) -> dict[str, float]:
    first, second = (1 / (1 + np.exp(-logits)) for logits in (reference, candidate))
    return {
        "mean_probability_difference": float(np.abs(first - second).mean()),
        "decisions_kept": float(((first > 0.5) == (second > 0.5)).mean()),
    }


def _write_graph(job: _Job, precision: Precision) -> dict[str, str]:
    done = _told(job)
    with (job.staging / WEIGHTS_FILE).open("wb") as file:
        lowering = EncoderLowering(exact_activation=False)
        graph = encoder_graph(
            job.plan, job.weights, ExternalFile(file), precision, done, lowering, reading_heads
        )
    (job.staging / GRAPH_FILE).write_bytes(serialize(graph, WEIGHTS_FILE))
    return precision.used


def _told(job: _Job) -> Callable[[EncoderLayerPlan], None]:
    def done(layer: EncoderLayerPlan) -> None:
        if job.progress is not None:
            job.progress(Progress("compile", job.identity.id, layer.index + 1, len(job.plan.layers)))

    return done
