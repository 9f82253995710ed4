"""From open_nsfw's ONNX file to a compiled scorer of explicit images: read, quantise, compare, record.

It knows the order of the steps and none of their insides.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.calibration.pictures import calibration_pictures
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.imported.graph import OnnxGraph, read_onnx, serialize_onnx
from prudent.compiler.imported.pixels import PIXELS, take_pixels
from prudent.compiler.network_int8 import quantize_network
from prudent.compiler.network_statistics import open_float
from prudent.compiler.records import write_config_and_card
from prudent.compiler.staging import staged
from prudent.errors import AccuracyGateError, UnsupportedModelError
from prudent.runtime.artifact import GRAPH_FILE, MeasuredAccuracy, Target
from prudent.runtime.image_safety_artifact import ImageSafetyArtifact, ImageSafetyConfig
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.types.progress import Progress, ProgressListener

SCORES: Final = "scores"
CHANNEL_MEANS: Final = (123.0, 117.0, 104.0)
"""Levels of red, green and blue that the network's training took off."""

SIZE: Final = 224
RESIZE: Final = 256
LEVELS: Final = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Scores from which an image has severity 1 to 7. Below 0.2 (safe) and above 0.8 (high) are the bounds that
the model's authors name; the steps between are even."""

MEAN_LOGIT_ERROR: Final = 0.25
"""The most by which the log-odds of int8 may differ from float32's in the mean, on calibration pictures."""

PICTURES: Final = 24
CALIBRATION_SEED: Final = 3
MEASURE_SEED: Final = 4

_SCRATCH: Final = "float32.onnx"


def compile_image_safety(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> ImageSafetyArtifact:
    """Compile open_nsfw into `folder`, which appears whole or not at all.

    Raises:
        ModelFileError: the file is damaged.
        UnsupportedModelError: it is another network.
        AccuracyGateError: int8 strays too far from float32.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    graph = read_onnx(files / identity.sources[0].name)
    _take_channels_first(graph)
    image = take_pixels(graph, mean=CHANNEL_MEANS, deviation=1.0, reverse=True)
    with staged(folder) as staging:
        accuracy: MeasuredAccuracy | None = None
        precision = {"all weights": "float32"}
        if target == "float32":
            (staging / GRAPH_FILE).write_bytes(serialize_onnx(graph))
        else:
            scratch = staging / _SCRATCH
            made, precision = quantize_network(graph, image, _feeds(), scratch)
            (staging / GRAPH_FILE).write_bytes(serialize_onnx(made))
            accuracy = _measure(open_float(graph, scratch), staging / GRAPH_FILE, identity)
        if progress is not None:
            progress(Progress("compile", identity.id, 1, 1))
        write_config_and_card(
            staging,
            identity,
            config=ImageSafetyConfig(
                family="open-nsfw", category="sexual", size=SIZE, resize=RESIZE, levels=list(LEVELS)
            ),
            parameters=graph.parameters(),
            weight_bytes=(staging / GRAPH_FILE).stat().st_size,
            target=target,
            precision=precision,
            accuracy=accuracy,
            started=started,
        )
    return ImageSafetyArtifact(folder)


def _take_channels_first(graph: OnnxGraph) -> None:
    """The file takes (B, S, S, 3) and turns it; from here on the graph takes (B, 3, S, S)."""
    name, (kind, shape) = next(iter(graph.inputs.items()))
    readers = graph.consumers().get(name, [])
    if len(readers) != 1 or readers[0].kind != "Transpose" or shape[1:] != (SIZE, SIZE, 3):
        raise UnsupportedModelError("The ONNX file is not open_nsfw: its input is another.")
    turned = readers[0].output
    graph.operators.remove(readers[0])
    graph.inputs = {turned: (kind, ("batch", 3, SIZE, SIZE))}
    last = graph.producers()[next(iter(graph.outputs))]
    if last.kind != "Softmax":
        raise UnsupportedModelError("The ONNX file is not open_nsfw: it does not end in two probabilities.")
    last.outputs = [SCORES]
    graph.outputs = {SCORES: (np.dtype(np.float32), ("batch", 2))}


def _feeds() -> Iterator[dict[str, NDArray[np.uint8]]]:
    for picture in calibration_pictures(PICTURES, SIZE, CALIBRATION_SEED):
        yield {PIXELS: picture.transpose(2, 0, 1)[None]}


def _measure(reference: Session, graph: Path, identity: ModelIdentity) -> MeasuredAccuracy:
    pictures = calibration_pictures(PICTURES, SIZE, MEASURE_SEED)
    made = open_session(graph, SessionOptions(spinning=Spinning.NEVER))
    expected, found = _log_odds(reference, pictures), _log_odds(made, pictures)
    error = float(np.abs(expected - found).mean())
    if not error < MEAN_LOGIT_ERROR:
        raise AccuracyGateError(
            f"{identity.id} at int8 is too far from float32: log-odds differ by {error:.3f} in the mean"
            f" (limit {MEAN_LOGIT_ERROR:g}).",
            hint="Compile to the float32 target.",
        )
    return MeasuredAccuracy(
        measures={
            "mean_log_odds_error": error,
            "log_odds_correlation": float(np.corrcoef(expected, found)[0, 1]),
            "largest_score_difference": float(np.abs(_score(expected) - _score(found)).max()),
        },
        samples=len(pictures),
        calibration_sha256=hashlib.sha256(pictures.tobytes()).hexdigest(),
    )


def _log_odds(session: Session, pictures: NDArray[np.uint8]) -> NDArray[Any]:
    rows = [session.run({PIXELS: picture.transpose(2, 0, 1)[None]}, [SCORES])[0] for picture in pictures]
    scores = np.concatenate(rows)
    return np.log(scores[:, 1]) - np.log(scores[:, 0])


def _score(log_odds: NDArray[Any]) -> NDArray[Any]:
    return 1 / (1 + np.exp(-log_odds))
