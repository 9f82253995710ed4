"""Reading CTranslate2 files: what was written comes back; no damaged file does worse than a clear error."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.compiler.readers import open_weights
from prudent.compiler.readers.ct2 import ALIAS, SCALAR, SPECIFICATION, Ct2Weights
from prudent.compiler.transcriber_plan import plan_transcriber
from prudent.errors import ModelFileError, PrudentError, UnsupportedModelError

DAMAGE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
ARRAYS = {
    "encoder/conv1/weight": np.linspace(-1, 1, 4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3),
    "decoder/embeddings/weight": np.arange(24, dtype=np.float16).reshape(6, 4),
    "encoder/conv1/bias": np.arange(4, dtype=np.float32),
}


def text(value):
    raw = value.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


def variable(name, array):
    array = np.asarray(array)
    head = text(name) + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
    return head + struct.pack("<BI", TYPES[array.dtype.name], array.nbytes) + array.tobytes()


def model(variables, aliases=(("decoder/projection/weight", "decoder/embeddings/weight"),), version=6):
    body = b"".join(variable(name, array) for name, array in variables)
    tail = struct.pack("<I", len(aliases)) + b"".join(text(a) + text(b) for a, b in aliases)
    head = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    return head + body + tail


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(model([*ARRAYS.items(), ("encoder/num_heads", np.int16(2))]))
    return path


def test_variables_scalars_and_aliases_read_as_they_were_written(tiny):
    weights = open_weights(tiny)
    assert isinstance(weights, Ct2Weights)
    assert {name: info.shape for name, info in weights.tensors.items()} == {
        name: array.shape for name, array in ARRAYS.items()
    }
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(weights.read(name), array.astype(np.float32))
    np.testing.assert_array_equal(
        weights.read("encoder/conv1/weight", 1, 3), ARRAYS["encoder/conv1/weight"][1:3]
    )
    assert weights.metadata == {
        SPECIFICATION: "WhisperSpec",
        SCALAR + "encoder/num_heads": 2,
        ALIAS + "decoder/projection/weight": "decoder/embeddings/weight",
    }


def test_every_shorter_or_longer_file_is_refused(tiny):
    content = tiny.read_bytes()
    for size in range(4, len(content)):
        tiny.write_bytes(content[:size])
        with pytest.raises(ModelFileError):
            open_weights(tiny)
    tiny.write_bytes(content + b"\0")
    with pytest.raises(ModelFileError, match="goes on for 1 bytes"):
        open_weights(tiny)


@DAMAGE
@given(
    changes=st.lists(
        st.tuples(st.integers(4, 600), st.binary(min_size=1, max_size=9)), min_size=1, max_size=4
    )
)
def test_damaged_file_gives_an_error_or_sound_weights_quickly(tiny, changes):
    content = bytearray(tiny.read_bytes())
    for place, data in changes:
        content[place : place + len(data)] = data
    victim = tiny.with_name("victim.bin")
    victim.write_bytes(content)
    started = time.monotonic()
    tracemalloc.start()
    with contextlib.suppress(PrudentError):
        weights = open_weights(victim)
        for name in weights.tensors:
            weights.read(name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - started < 10
    assert peak < 16 << 20


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (model([], version=5)[:4].replace(b"\5", b"\6") + b"\xff\xff", ModelFileError, "ends inside"),
        (model([("a", np.zeros(2, np.int8))], ()), UnsupportedModelError, "stored as int8"),
        (model([("a", np.float32(1))], ()), UnsupportedModelError, "single float32"),
        (model([("a", np.zeros(2, np.float32))] * 2, ()), ModelFileError, "twice"),
        (model([("a\x1b", np.zeros(2, np.float32))], ()), ModelFileError, "not plain text"),
        (model([("a", np.zeros(2, np.float32))], (("b", "c"),)), ModelFileError, "the name b"),
        (model([("a", np.zeros((1,) * 5, np.float32))], ()), ModelFileError, "5 dimensions"),
        (model([("a", np.full(2, np.nan, np.float32))], ()), ModelFileError, "finite"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, content, error, words):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(error, match=words):
        open_weights(path).read("a")


def test_what_is_no_whisper_is_not_planned(tiny):
    with pytest.raises((UnsupportedModelError, ModelFileError)):
        plan_transcriber(open_weights(tiny))


def test_real_file_is_planned_whole(whisper_files):
    plan = plan_transcriber(open_weights(whisper_files / "model.bin"))
    assert (len(plan.sound_layers), len(plan.text_layers), plan.heads, plan.hidden_size) == (4, 4, 6, 384)
    assert (plan.vocab_size, plan.max_tokens) == (51_864, 448)
