"""Compiled readers: the graphs compute what PaddleOCR's files do, and int8 keeps to it as the card says."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.compiler.compile_reader import compile_reader
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.imported.graph import OnnxGraph, read_onnx, serialize_onnx
from prudent.compiler.imported.quantizing import quantization, quantize
from prudent.compiler.reader_graphs import Part, character_list, part_graph
from prudent.compiler.reader_ranges import reader_ranges
from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.runtime.artifact import MeasuredAccuracy, SourceFile
from prudent.runtime.reader_artifact import ReaderArtifact
from prudent.store import open_model

V6, V4 = "pp-ocrv6-small", "pp-ocrv4"
FILES: dict[str, dict[Part, str]] = {
    V6: {"detector": "PP-OCRv6_det_small.onnx", "recognizer": "PP-OCRv6_rec_small.onnx"},
    V4: {"detector": "ch_PP-OCRv4_det_infer.onnx", "recognizer": "ch_PP-OCRv4_rec_infer.onnx"},
}
SHAPES: dict[Part, tuple[int, ...]] = {"detector": (1, 3, 96, 160), "recognizer": (2, 3, 48, 160)}


@pytest.fixture(scope="module")
def reader_files() -> Callable[[str], Path]:
    """The folder of a reader's files, fetched through the catalog."""
    return lambda name: fetch(Catalog.load().get(name))


def _identity(name: str) -> ModelIdentity:
    entry = Catalog.load().get(name)
    sources = tuple(SourceFile(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in entry.files)
    return ModelIdentity(entry.id, entry.license, entry.upstream, sources)


def _session(model: bytes | str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options)


@pytest.mark.parametrize("name", [V6, V4])
@pytest.mark.parametrize("part", ["detector", "recognizer"])
def test_the_float_graph_computes_what_the_file_does(
    reader_files: Callable[[str], Path], name: str, part: Part
) -> None:
    """From bytes in red, green, blue to what the file gives for normalised blue, green, red.

    The edge of the detector's map is left out: there the network pads with zero, which a byte can only
    come near to.
    """
    path = reader_files(name) / FILES[name][part]
    pixels = np.random.default_rng(0).integers(0, 256, SHAPES[part], np.uint8)
    theirs = _session(str(path))
    normalised = (pixels[:, ::-1].astype(np.float32) / 255 - 0.5) / 0.5
    expected = theirs.run(None, {theirs.get_inputs()[0].name: normalised})[0]
    found = _session(serialize_onnx(part_graph(path, part).graph)).run(None, {"pixels": pixels})
    if part == "detector":
        assert np.abs(found[0] - expected)[:, :, 24:-24, 24:-24].max() < 0.05
    else:
        assert np.array_equal(found[0], expected.argmax(2))
        assert np.abs(found[1] - expected.max(2)).max() < 0.02


def test_the_compiled_model_is_exact_within_its_limits(reader_files: Callable[[str], Path]) -> None:
    artifact = ReaderArtifact(open_model(V6, "vision.read"))
    card = artifact.card
    assert isinstance(card.accuracy, MeasuredAccuracy)
    assert card.accuracy.measures["character_agreement"] >= 0.97
    assert card.accuracy.measures["map_overlap"] >= 0.9
    assert card.precision["recognizer"].startswith("int8")
    assert card.weight_bytes < 9_000_000
    characters = artifact.characters()
    assert len(characters) == 18_710
    assert (characters[0], characters[-1]) == ("", " ")
    graph = onnx.load(str(artifact.recognizer)).graph
    kinds = [node.op_type for node in graph.node]
    assert "Erf" not in kinds
    assert kinds.count("QuantizeLinear") > 50


def test_the_edge_tier_keeps_float32_where_int8_strays(
    reader_files: Callable[[str], Path], tmp_path: Path
) -> None:
    """PP-OCRv4's activations have channels far wider than the rest: 80 % of characters agreed at int8."""
    card = compile_reader(reader_files(V4), tmp_path / "v4", _identity(V4)).card
    assert card.precision["recognizer"].startswith("float32")
    assert isinstance(card.accuracy, MeasuredAccuracy)
    assert card.accuracy.measures["character_agreement"] == 1.0
    assert card.accuracy.measures["map_overlap"] >= 0.9


def test_ranges_of_other_files_are_refused() -> None:
    sources = [source.model_copy(update={"sha256": "0" * 64}) for source in _identity(V6).sources]
    with pytest.raises(UnsupportedModelError, match="other files"):
        reader_ranges(V6, sources)
    with pytest.raises(UnsupportedModelError, match="no int8 ranges"):
        reader_ranges("unknown-reader", [])


def test_a_damaged_file_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "x_det_x.onnx"
    path.write_bytes(b"\x08\x0anot a model")
    with pytest.raises(ModelFileError, match="x_det_x"):
        part_graph(path, "detector")


def test_a_recogniser_without_characters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(_one_layer(np.ones((4, 3, 1, 1), np.float32)))
    with pytest.raises(ModelFileError, match="list of characters"):
        character_list(read_onnx(path))


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_zero_is_a_level_of_every_range(first: float, second: float) -> None:
    low, high = sorted((first, second))
    scale, zero = quantization((low, high))
    assert 0 <= zero <= 255
    for value in (low, high):
        level = min(255, max(0, round(value / scale) + zero))
        assert abs((level - zero) * scale - value) <= scale * 1.01


@settings(deadline=None, max_examples=30)
@given(arrays(np.float32, (4, 3, 1, 1), elements=st.floats(-2, 2, width=32)))
def test_a_quantised_convolution_stays_near(weight: np.ndarray) -> None:
    """Within the steps of weight, input and output."""
    path_bytes = _one_layer(weight)
    exact = _session(path_bytes)
    inputs = np.random.default_rng(3).uniform(-1, 1, (1, 3, 8, 8)).astype(np.float32)
    expected = exact.run(None, {"x": inputs})[0]
    graph = _read(path_bytes)
    reach = float(np.abs(weight).sum(axis=(1, 2, 3)).max()) + 1e-3
    quantize(graph, {"x": (-1.0, 1.0), "y": (-reach, reach)})
    found = _session(serialize_onnx(graph)).run(None, {"x": inputs})[0]
    step = reach * 2 / 255 + reach * 2 / 255 + 3 * float(np.abs(weight).max()) / 127
    assert np.abs(found - expected).max() <= step


def _one_layer(weight: np.ndarray) -> bytes:
    nodes = [onnx.helper.make_node("Conv", ["x", "w"], ["y"])]
    info = onnx.helper.make_tensor_value_info
    shape = [1, 3, 8, 8]
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [info("x", 1, shape)],
        [info("y", 1, [1, len(weight), 8, 8])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10)
    return model.SerializeToString()


def _read(data: bytes) -> OnnxGraph:
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(data)
        file.flush()
        return read_onnx(Path(file.name))
