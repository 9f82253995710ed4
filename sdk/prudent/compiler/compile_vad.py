"""From Silero's ONNX file to a compiled voice activity detector: read, build, compare, write the card.

It knows the order of the steps and none of their insides. Weights stay float32: the network is small, and
what it decides must not depend on what stands beside it.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.voice_activity import voice_activity_graph
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.readers.silero import read_silero
from prudent.compiler.records import write_config_and_card
from prudent.compiler.staging import staged
from prudent.errors import AccuracyGateError
from prudent.runtime.artifact import GRAPH_FILE, WEIGHTS_FILE, MeasuredAccuracy, Target
from prudent.runtime.session import SessionOptions, Spinning, open_session
from prudent.runtime.voice_activity_artifact import (
    CONTEXT,
    HIDDEN,
    WINDOW,
    VoiceActivityArtifact,
    VoiceActivityConfig,
)
from prudent.types.progress import Progress, ProgressListener

SAMPLE_RATE = 16_000
LARGEST_DIFFERENCE = 1e-3
"""Of a probability from the original graph's."""

_SECONDS = 8
_SEED = 4


def compile_vad(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> VoiceActivityArtifact:
    """Compile the detector into `folder`, which appears whole or not at all; both targets are float32.

    Raises:
        ModelFileError: the file is damaged.
        UnsupportedModelError: it is not a Silero detector that is known.
        AccuracyGateError: the compiled graph does not say what the original says.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    source = files / identity.sources[0].name
    weights = read_silero(source)
    with staged(folder) as staging:
        with (staging / WEIGHTS_FILE).open("wb") as file:
            graph = GraphBuilder(ExternalFile(file))
            voice_activity_graph(graph, weights)
        (staging / GRAPH_FILE).write_bytes(serialize(graph.build(), WEIGHTS_FILE))
        if progress is not None:
            progress(Progress("compile", identity.id, 1, 1))
        accuracy = _compare(source, staging / GRAPH_FILE, identity.id)
        if progress is not None:
            progress(Progress("measure", identity.id, 1, 1))
        write_config_and_card(
            staging,
            identity,
            config=VoiceActivityConfig(family="silero-vad", sample_rate=SAMPLE_RATE),
            parameters=sum(tensor.size for tensor in weights.values()),
            weight_bytes=(staging / WEIGHTS_FILE).stat().st_size,
            target=target,
            precision={"all weights": "float32"},
            accuracy=accuracy,
            started=started,
        )
    return VoiceActivityArtifact(folder)


def _compare(original: Path, compiled: Path, model: str) -> MeasuredAccuracy:
    windows = _windows(_sound())
    options = SessionOptions(threads=1, spinning=Spinning.NEVER)
    state = np.zeros((2, 1, HIDDEN), np.float32)
    made = open_session(compiled, options).run({"windows": windows, "state": state}, ["probabilities"])[0]
    session = open_session(original, options)
    expected: list[float] = []
    rate = np.array(SAMPLE_RATE, np.int64)
    for window in windows:
        probability, state = session.run({"input": window[None], "state": state, "sr": rate})
        expected.append(float(probability[0, 0]))
    difference = float(np.abs(made - np.array(expected, np.float32)).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise AccuracyGateError(
            f"{model} compiled says {difference:.2g} else than the original, where {LARGEST_DIFFERENCE:g} is"
            " allowed."
        )
    return MeasuredAccuracy(
        measures={"largest_difference": difference, "highest_probability": max(expected)},
        samples=len(windows),
        calibration_sha256=hashlib.sha256(windows.tobytes()).hexdigest(),
    )


def _sound() -> NDArray[np.float32]:
    """A buzz of changing pitch through two moving resonances, with pauses: the likeness of a voice."""
    random = np.random.default_rng(_SEED)
    seconds = np.arange(_SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formants = (500 + 250 * np.sin(2 * np.pi * 2.1 * seconds), 1500 + 600 * np.sin(2 * np.pi * 1.3 * seconds))
    sound = np.zeros_like(seconds)
    for harmonic in range(1, 30):
        weight = sum(np.exp(-(((harmonic * pitch - formant) / 160) ** 2)) for formant in formants)
        sound += weight * np.sin(harmonic * phase)
    sound *= np.clip(np.sin(2 * np.pi * 0.35 * seconds) * 4, 0, 1)
    noise = random.normal(size=len(seconds))
    return (0.15 * sound + 0.003 * noise).astype(np.float32)


def _windows(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), sound])
    view = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + WINDOW)
    return np.ascontiguousarray(view[::WINDOW])
