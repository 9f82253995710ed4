"""From a Piper voice to a compiled one: read, build in float32, observe, build in int8, compare, write the
card.

It knows the order of the steps and none of their insides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from prudent.compiler.graph.builder import GraphBuilder, WeightSink
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.time_convolution import (
    ByteConvolutions,
    FloatConvolutions,
    Range,
    TimeConvolutions,
)
from prudent.compiler.graph.vits_decoder import FIRST, stage_context, stage_graph
from prudent.compiler.graph.vits_flow import flow_context, flow_graph
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.readers.piper import FloatArray, PiperFile, PiperSettings, VitsWeights, read_settings
from prudent.compiler.records import write_config_and_card
from prudent.compiler.speaker_gate import SpeakerLimits, pause_noise, signal_to_noise
from prudent.compiler.speaker_ranges import ObservedConvolutions
from prudent.compiler.speaker_sentences import SentenceFrames, quiet_session, sentence_frames
from prudent.compiler.staging import staged
from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.runtime.artifact import WEIGHTS_FILE, MeasuredAccuracy, Target
from prudent.runtime.speaker_artifact import (
    ENCODER_FILE,
    FLOW_FILE,
    SpeakerArtifact,
    SpeakerConfig,
    StageConfig,
    stage_file,
)
from prudent.types.progress import Progress, ProgressListener

_GATES = ".gate."
"""Part of the names of the flow's wide convolutions: five sixths of its work. The others stay float32."""

_PHONEMES = "; phonemes by espeak-ng (GPL-3.0-or-later), which is not included"
"""What a card says of the library that a voice cannot be used without."""

_PEAK = "highest_sample"
_LOUDEST, _QUIETEST_PEAK, _LARGEST_GAIN = 0.85, 0.05, 8.0

_STEPS = 3


def compile_speaker(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    limits: SpeakerLimits | None = None,
    progress: ProgressListener | None = None,
) -> SpeakerArtifact:
    """Compile a voice into `folder`, which appears whole or not at all.

    Flow and decoder are built anew; in the int8 target their wide convolutions multiply bytes, but for the
    decoder's first and its last stage. The encoder is the file's own.

    Raises:
        ModelFileError: a file is damaged.
        UnsupportedModelError: it is not a Piper voice that prudent can run.
        AccuracyGateError: int8 does not keep within `limits` on the sentences that ship with prudent.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    source, settings_file = _files(files, identity)
    settings = read_settings(settings_file)
    piper = PiperFile(source)
    weights = piper.weights()
    config = _config(settings, weights)
    with staged(folder) as staging:
        (staging / ENCODER_FILE).write_bytes(piper.encoder())
        job = _Job(identity, weights, staging, progress)
        job.tell(1)
        if target == "float32":
            precision, accuracy = (
                job.write(FloatConvolutions(), [FloatConvolutions() for _ in config.stages]),
                None,
            )
        else:
            precision, accuracy = _compile_int8(job, config, limits or SpeakerLimits())
            config = config.model_copy(update={"gain": _gain(accuracy)})
        write_config_and_card(
            staging,
            replace(identity, license=f"{identity.license}{_PHONEMES}"),
            config=config,
            parameters=piper.parameters,
            weight_bytes=sum((staging / name).stat().st_size for name in (WEIGHTS_FILE, ENCODER_FILE)),
            target=target,
            precision={**precision, "encoder, duration predictor, last decoder stage": "float32"},
            accuracy=accuracy,
            started=started,
        )
    return SpeakerArtifact(folder)


@dataclass(frozen=True, slots=True)
class _Job:
    """One compile."""

    identity: ModelIdentity
    weights: VitsWeights
    staging: Path
    progress: ProgressListener | None

    def tell(self, done: int) -> None:
        if self.progress is not None:
            self.progress(Progress("compile", self.identity.id, done, _STEPS))

    def write(self, flow: TimeConvolutions, decoder: Sequence[TimeConvolutions]) -> dict[str, str]:
        """Write the graphs of flow and stages, replacing what stood there; gives what was stored as what."""
        with (self.staging / WEIGHTS_FILE).open("wb") as file:
            sink = ExternalFile(file)
            build = partial(flow_graph, couplings=self.weights.couplings, convolutions=flow)
            self._graph(sink, FLOW_FILE, flow, build)
            for index, stage in enumerate(decoder):
                make = partial(stage_graph, weights=self.weights, index=index, convolutions=stage)
                self._graph(sink, stage_file(index), stage, make)
        used = [convolutions.used for convolutions in (flow, *decoder)]
        return {name: how for part in used for name, how in part.items()}

    def _graph(
        self,
        sink: WeightSink,
        name: str,
        convolutions: TimeConvolutions,
        build: Callable[[GraphBuilder], None],
    ) -> None:
        graph = GraphBuilder(sink)
        build(graph)
        if isinstance(convolutions, ObservedConvolutions):
            convolutions.watch(graph)
        (self.staging / name).write_bytes(serialize(graph.build(), WEIGHTS_FILE))


def _compile_int8(
    job: _Job, config: SpeakerConfig, limits: SpeakerLimits
) -> tuple[dict[str, str], MeasuredAccuracy]:
    frames = sentence_frames(job.staging / ENCODER_FILE, config)
    exact = _run_in_float(job, frames)
    job.tell(2)
    stages = [ByteConvolutions(exact.decoder_ranges) for _ in config.stages]
    used = job.write(ByteConvolutions(exact.flow_ranges), stages)
    measures = _compare(job, frames, exact)
    limits.require(measures, job.identity.id)
    job.tell(_STEPS)
    rounded = {name: round(value, 2) for name, value in measures.items()}
    return used, MeasuredAccuracy(
        measures=rounded, samples=len(frames.measured), calibration_sha256=frames.sha256
    )


@dataclass(frozen=True, slots=True)
class _Exact:
    """What float32 makes of the sentences to measure on, and the ranges of those to calibrate on."""

    latents: Sequence[FloatArray]
    samples: Sequence[FloatArray]
    flow_ranges: dict[str, Range]
    decoder_ranges: dict[str, Range]


def _run_in_float(job: _Job, frames: SentenceFrames) -> _Exact:
    flow, stages = ObservedConvolutions(), [ObservedConvolutions() for _ in job.weights.stages]
    job.write(flow, stages)
    session = quiet_session(job.staging / FLOW_FILE)
    heard, flow_ranges = flow.run(session, "frames", frames.calibration, "latents")
    latents, _ = flow.run(session, "frames", frames.measured, "latents")
    samples, ranges = latents, dict[str, Range]()
    for index, stage in enumerate(stages):
        session = quiet_session(job.staging / stage_file(index))
        heard, seen = stage.run(session, "input", heard, "output")
        samples, _ = stage.run(session, "input", samples, "output")
        ranges |= seen
    ranges.pop(FIRST)  # it sees the largest values of all, and has a hundredth of the work
    return _Exact(
        latents, samples, {name: seen for name, seen in flow_ranges.items() if _GATES in name}, ranges
    )


def _compare(job: _Job, frames: SentenceFrames, exact: _Exact) -> dict[str, float]:
    """Flow and decoder apart, from exact inputs: a shift of phase by the first is no noise of the second."""
    flow = quiet_session(job.staging / FLOW_FILE)
    latents = [flow.run({"frames": array})[0] for array in frames.measured]
    samples = exact.latents
    for index in range(len(job.weights.stages)):
        stage = quiet_session(job.staging / stage_file(index))
        samples = [stage.run({"input": array})[0] for array in samples]
    heard = list(zip(exact.samples, samples, strict=True))
    return {
        "latent_snr_db": signal_to_noise(zip(exact.latents, latents, strict=True)),
        "sample_snr_db": signal_to_noise(heard),
        "pause_noise_dbfs": pause_noise(heard),
        _PEAK: max(float(np.abs(exact).max()) for exact, _ in heard),
    }


def _gain(accuracy: MeasuredAccuracy) -> float:
    """What makes the loudest sample of the measured sentences `_LOUDEST`: one gain for all that is said."""
    return min(_LOUDEST / max(accuracy.measures[_PEAK], _QUIETEST_PEAK), _LARGEST_GAIN)


def _files(files: Path, identity: ModelIdentity) -> tuple[Path, Path]:
    """The network and its description."""
    names = [source.name for source in identity.sources]
    network = next((name for name in names if name.endswith(".onnx")), None)
    if network is None or f"{network}.json" not in names:
        raise UnsupportedModelError(
            f"{identity.id} is no Piper voice (an .onnx file with an .onnx.json beside it);"
            " prudent cannot run others yet."
        )
    return files / network, files / f"{network}.json"


def _config(settings: PiperSettings, weights: VitsWeights) -> SpeakerConfig:
    try:
        return SpeakerConfig(
            family="vits",
            language=settings.language.code.replace("_", "-"),
            voice=settings.dataset.lower(),
            espeak_voice=settings.espeak.voice,
            sample_rate=settings.audio.sample_rate,
            channels=weights.first.weight.shape[1],
            flow_context=flow_context(weights.couplings),
            stages=[
                StageConfig(stride=stage.upsampling.stride, context=stage_context(weights, index))
                for index, stage in enumerate(weights.stages)
            ],
            phoneme_ids=settings.phoneme_id_map,
            noise=settings.inference.noise_scale,
            rhythm_noise=settings.inference.noise_w,
            length=settings.inference.length_scale,
        )
    except ValidationError as error:
        raise ModelFileError("The description of the voice holds a value that cannot be.") from error
