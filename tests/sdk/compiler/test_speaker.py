"""A Piper voice compiled: the float32 parts against the voice's own graph, int8 against float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prudent.catalog import Catalog
from prudent.compiler.compile_speaker import compile_speaker
from prudent.compiler.graph.builder import GraphBuilder
from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.time_convolution import FloatConvolutions
from prudent.compiler.graph.vits_decoder import stage_graph
from prudent.compiler.graph.vits_flow import flow_graph
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.readers.piper import PiperFile, VitsWeights, read_settings
from prudent.compiler.speaker_gate import SpeakerLimits, pause_noise, signal_to_noise
from prudent.errors import AccuracyGateError, ModelFileError, UnsupportedModelError
from prudent.runtime.artifact import MeasuredAccuracy, SourceFile
from prudent.runtime.session import Session, open_session
from prudent.runtime.speaker_artifact import SpeakerArtifact

NETWORK = "en_US-joe-medium.onnx"


@pytest.fixture(scope="module")
def joe_weights(joe_files: Path) -> VitsWeights:
    """Flow and decoder of the voice."""
    return PiperFile(joe_files / NETWORK).weights()


def _identity() -> ModelIdentity:
    entry = Catalog.load().get("piper-joe")
    sources = tuple(SourceFile(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in entry.files)
    return ModelIdentity(entry.id, entry.license, entry.upstream, sources)


def _float_graphs(weights: VitsWeights, folder: Path) -> list[Session]:
    """Flow, and the stages of the decoder."""
    builders = [lambda graph: flow_graph(graph, weights.couplings, FloatConvolutions())]
    for index in range(len(weights.stages)):
        builders.append(lambda graph, index=index: stage_graph(graph, weights, index, FloatConvolutions()))
    sessions: list[Session] = []
    for number, build in enumerate(builders):
        with (folder / f"{number}.data").open("wb") as file:
            graph = GraphBuilder(ExternalFile(file))
            build(graph)
        (folder / f"{number}.onnx").write_bytes(serialize(graph.build(), f"{number}.data"))
        sessions.append(open_session(folder / f"{number}.onnx"))
    return sessions


def test_the_parts_say_what_the_voices_own_graph_says(
    joe_files: Path, joe_artifact: SpeakerArtifact, joe_weights: VitsWeights, tmp_path: Path
) -> None:
    ids = joe_artifact.config.ids_of("ðə hˈɑːɹbɚ wʌz kwˈaɪət.")
    feeds = {"ids": np.array([ids], np.int64), "length": np.array([len(ids)], np.int64)}
    still = np.zeros((1, 2, len(ids)), np.float32)
    mean, _, log_duration = open_session(joe_artifact.encoder).run(
        {**feeds, "noise": still}, ["mean", "log_scale", "log_duration"]
    )
    durations = np.ceil(np.exp(log_duration[0, 0])).astype(int)
    flow, *stages = _float_graphs(joe_weights, tmp_path)
    made = flow.run({"frames": np.repeat(mean[0].T, durations, axis=0)[None]})[0]
    for stage in stages:
        made = stage.run({"input": made})[0]
    scales = np.array([0, 1, 0], np.float32)
    own = open_session(joe_files / NETWORK).run(
        {"input": feeds["ids"], "input_lengths": feeds["length"], "scales": scales}
    )[0]
    assert made.shape == own.ravel().shape
    assert np.abs(made - own.ravel()).max() < 1e-4


def test_int8_is_within_the_limits_and_the_card_says_how_far(joe_artifact: SpeakerArtifact) -> None:
    card = joe_artifact.card
    assert isinstance(card.accuracy, MeasuredAccuracy)
    measures = card.accuracy.measures
    assert measures["latent_snr_db"] > 30
    assert measures["sample_snr_db"] > 20
    assert measures["pause_noise_dbfs"] < -68
    assert card.weight_bytes < 0.75 * card.sources[0].bytes
    assert "GPL-3.0-or-later" in card.license
    assert card.precision["flow.0.gate.0.content"].startswith("int8")
    assert card.precision["first"] == "float32"


@pytest.mark.parametrize(
    ("name", "value"), [("latent_snr_db", 20.0), ("sample_snr_db", float("nan")), ("pause_noise_dbfs", -57.0)]
)
def test_a_voice_that_strays_too_far_is_refused(name: str, value: float) -> None:
    measures = {"latent_snr_db": 35.0, "sample_snr_db": 22.0, "pause_noise_dbfs": -72.0}
    SpeakerLimits().require(measures, "joe")
    with pytest.raises(AccuracyGateError, match=name):
        SpeakerLimits().require({**measures, name: value}, "joe")


def test_a_cut_file_is_named_as_damaged(joe_files: Path, tmp_path: Path) -> None:
    cut = tmp_path / NETWORK
    cut.write_bytes((joe_files / NETWORK).read_bytes()[:1_000_000])
    with pytest.raises(ModelFileError, match="damaged"):
        PiperFile(cut).weights()


def test_a_graph_that_is_no_voice_is_refused(joe_artifact: SpeakerArtifact) -> None:
    with pytest.raises(UnsupportedModelError, match="not a Piper voice"):
        PiperFile(joe_artifact.encoder).weights()


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"audio": {"sample_rate": "high"}}'], ids=["empty", "object", "list", "type"]
)
def test_a_damaged_description_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "voice.onnx.json"
    file.write_text(text)
    with pytest.raises(ModelFileError, match="not the description"):
        read_settings(file)


def test_another_kind_of_voice_is_said_to_be_unsupported(tmp_path: Path) -> None:
    entry = Catalog.load().get("kokoro-82m-int8")
    sources = tuple(SourceFile(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in entry.files)
    identity = ModelIdentity(entry.id, entry.license, entry.upstream, sources)
    with pytest.raises(UnsupportedModelError, match="no Piper voice"):
        compile_speaker(tmp_path, tmp_path / "out", identity)


def test_noise_is_measured_in_decibels() -> None:
    random = np.random.default_rng(0)
    exact = np.sin(np.arange(51_200) / 20).astype(np.float32)
    exact[:10_240] = 0
    noise = random.normal(scale=0.01, size=len(exact)).astype(np.float32)
    pairs = [(exact, exact + noise)]
    power = float((exact**2).mean())
    assert signal_to_noise(pairs) == pytest.approx(10 * np.log10(power / 1e-4), abs=0.2)
    assert pause_noise(pairs) == pytest.approx(-40, abs=0.5)
