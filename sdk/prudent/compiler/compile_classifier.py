"""From a PyTorch state dict to a compiled image classifier: read, build, quantise, compare, write the card.

It knows the order of the steps and none of their insides.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.calibration.pictures import calibration_pictures
from prudent.compiler.classifier_gate import ClassifierLimits, compare_classifiers
from prudent.compiler.efficientnet_graph import FEATURES, LOGITS, efficientnet_graph, match_spec
from prudent.compiler.families.efficientnet_lite import (
    EFFICIENTNET_LITE,
    PIXEL_MEAN,
    PIXEL_SCALE,
    RESIZE_MARGIN,
    EfficientNetSpec,
)
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.imported.dense_head import quantize_products
from prudent.compiler.imported.graph import OnnxGraph, serialize_onnx
from prudent.compiler.imported.pixels import PIXELS, take_pixels
from prudent.compiler.labels import imagenet_labels
from prudent.compiler.network_int8 import quantize_network
from prudent.compiler.network_statistics import open_float
from prudent.compiler.readers import open_weights
from prudent.compiler.readers.weights import FloatArray
from prudent.compiler.records import write_config_and_card
from prudent.compiler.staging import staged
from prudent.errors import UnsupportedModelError
from prudent.runtime.artifact import GRAPH_FILE, MeasuredAccuracy, Target
from prudent.runtime.classifier_artifact import ClassifierArtifact, ClassifierConfig
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.types.progress import Progress, ProgressListener

CALIBRATION_SEED: Final = 1
MEASURE_SEED: Final = 2
"""Compared on other pictures than those that were calibrated on."""

PICTURES: Final = 24
"""To calibrate, and to compare. Twice as many gave the same model (KL 0.026 on 64 photographs with both)."""

_SCRATCH: Final = "float32.onnx"


def compile_classifier(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> ClassifierArtifact:
    """Compile an EfficientNet-Lite into `folder`, which appears whole or not at all.

    Raises:
        ModelFileError: the file is damaged, or holds more than tensors.
        UnsupportedModelError: it is of a network that prudent does not know.
        AccuracyGateError: int8 strays too far from float32.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    with closing(open_weights(files / identity.sources[0].name)) as weights:
        spec = match_spec(weights, EFFICIENTNET_LITE)
        graph = efficientnet_graph(weights, spec)
    image = take_pixels(graph, mean=PIXEL_MEAN, deviation=PIXEL_SCALE, reverse=False)
    config = _config(spec, graph)
    _tell(progress, "compile", identity, 0)
    with staged(folder) as staging:
        accuracy: MeasuredAccuracy | None = None
        if target == "float32":
            precision = {"all weights": "float32"}
            (staging / GRAPH_FILE).write_bytes(serialize_onnx(graph))
        else:
            scratch = staging / _SCRATCH
            made, precision = quantize_network(graph, image, _feeds(spec), scratch)
            quantize_products(made)
            precision["classifier"] = "int8, blocks"
            (staging / GRAPH_FILE).write_bytes(serialize_onnx(made))
            _tell(progress, "measure", identity, 0)
            reference = open_float(graph, scratch)
            accuracy = _measure(reference, staging / GRAPH_FILE, spec, identity)
            _tell(progress, "measure", identity, 1)
        _tell(progress, "compile", identity, 1)
        write_config_and_card(
            staging,
            identity,
            config=config,
            parameters=graph.parameters(),
            weight_bytes=(staging / GRAPH_FILE).stat().st_size,
            target=target,
            precision=precision,
            accuracy=accuracy,
            started=started,
        )
    return ClassifierArtifact(folder)


def _config(spec: EfficientNetSpec, graph: OnnxGraph) -> ClassifierConfig:
    labels = imagenet_labels()
    classes = graph.outputs[LOGITS][1][-1]
    if classes != len(labels):
        raise UnsupportedModelError(
            f"The state dict has {classes} classes; names are known for {len(labels)}."
        )
    return ClassifierConfig(
        family=spec.name,
        size=spec.resolution,
        resize=spec.resolution + RESIZE_MARGIN,
        features=int(graph.outputs[FEATURES][1][-1]),
        labels=labels,
    )


def _feeds(spec: EfficientNetSpec) -> Iterator[dict[str, NDArray[np.uint8]]]:
    for picture in calibration_pictures(PICTURES, spec.resolution, CALIBRATION_SEED):
        yield {PIXELS: picture.transpose(2, 0, 1)[None]}


def _measure(
    reference: Session, graph: Path, spec: EfficientNetSpec, identity: ModelIdentity
) -> MeasuredAccuracy:
    pictures = calibration_pictures(PICTURES, spec.resolution, MEASURE_SEED)
    made = open_session(graph, SessionOptions(spinning=Spinning.NEVER))
    measures = compare_classifiers(_outputs(reference, pictures), _outputs(made, pictures))
    ClassifierLimits().check(measures, identity.id)
    digest = hashlib.sha256(pictures.tobytes()).hexdigest()
    return MeasuredAccuracy(measures=measures, samples=len(pictures), calibration_sha256=digest)


def _outputs(session: Session, pictures: NDArray[np.uint8]) -> tuple[FloatArray, FloatArray]:
    rows = [
        session.run({PIXELS: picture.transpose(2, 0, 1)[None]}, [LOGITS, FEATURES]) for picture in pictures
    ]
    logits, features = (np.concatenate([row[place] for row in rows]) for place in range(2))
    return logits, features


def _tell(progress: ProgressListener | None, stage: str, identity: ModelIdentity, done: int) -> None:
    if progress is not None:
        progress(Progress("measure" if stage == "measure" else "compile", identity.id, done, 1))
