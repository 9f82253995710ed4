"""Reading E5S1: values by the format's definition, and no damaged file does worse than a clear error."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.compiler.encoder_plan import plan_encoder
from prudent.compiler.families import ENCODER_FAMILIES
from prudent.compiler.readers import open_weights
from prudent.errors import ModelFileError, PrudentError, UnsupportedModelError
from prudent.tokenizer.unigram_spec import UnigramSpec

DAMAGE = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = [2**64 - 1, 2**63, 2**48, 2**33, 2**32 - 1, 2**31, 2**24, 2**16, 0]


def open_all(path):
    """Everything that compiling does to a file before it computes."""
    weights = open_weights(path)
    try:
        plan_encoder(weights, ENCODER_FAMILIES)
        UnigramSpec.from_metadata(weights.metadata)
        for name in weights.tensors:
            weights.read(name)
    finally:
        weights.close()


def test_tensors_read_as_they_were_written(tiny_encoder, encoder_tensors):
    weights = open_weights(tiny_encoder)
    assert {name: info.shape for name, info in weights.tensors.items()} == {
        name: values.shape for name, values in encoder_tensors.items()
    }
    for name, values in encoder_tensors.items():
        np.testing.assert_array_equal(weights.read(name), values)
    np.testing.assert_array_equal(weights.read("emb.word", 3, 5), encoder_tensors["emb.word"][3:5])


def test_real_file_holds_blocks_as_the_format_defines_them(e5_file):
    weights, raw = open_weights(e5_file), np.fromfile(e5_file, np.uint8)
    assert weights.metadata["e5.vocab_size"] == 250_037
    assert len(weights.metadata["tokenizer.unigram.pieces"]) == 250_002
    assert len(weights.tensors) == 197
    start = 4_638_272  # where the directory puts emb.word
    blocks = raw[start : start + 12 * 18].reshape(12, 18)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], -1).astype(np.float32)
    np.testing.assert_array_equal(weights.read("emb.word", 0, 1)[0], ((nibbles - 8) * scales).reshape(-1))


def test_every_shorter_file_is_refused(tiny_encoder):
    content = tiny_encoder.read_bytes()
    for size in [*range(4, 300), *range(300, len(content), 1009), len(content) - 1]:
        tiny_encoder.write_bytes(content[:size])
        with pytest.raises(ModelFileError):
            open_weights(tiny_encoder)


@DAMAGE
@given(
    changes=st.lists(
        st.tuples(st.integers(4, 4000), st.binary(min_size=1, max_size=9)), min_size=1, max_size=4
    )
)
def test_damaged_header_gives_an_error_or_a_sound_model_quickly(tiny_encoder, changes):
    content = bytearray(tiny_encoder.read_bytes())
    for place, data in changes:
        content[place : place + len(data)] = data
    victim = tiny_encoder.with_name("victim.bin")
    victim.write_bytes(content)
    started = time.monotonic()
    with contextlib.suppress(PrudentError):
        open_all(victim)
    assert time.monotonic() - started < 10


@DAMAGE
@given(place=st.integers(8, 3000), number=st.sampled_from(NUMBERS), code=st.sampled_from(["<Q", "<I"]))
def test_absurd_counts_cost_no_memory(tiny_encoder, place, number, code):
    content = bytearray(tiny_encoder.read_bytes())
    struct.pack_into(code, content, place, number & (2 ** (8 * struct.calcsize(code)) - 1))
    victim = tiny_encoder.with_name("victim.bin")
    victim.write_bytes(content)
    tracemalloc.start()
    try:
        open_all(victim)
    except PrudentError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 64 << 20


def entry(content: bytes, name: str) -> int:
    """Where a tensor's kind stands in the directory."""
    return content.index(struct.pack("<H", len(name)) + name.encode()) + 2 + len(name)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("kind", 7, "kind 7"),
        ("kind", 0, "bytes"),
        ("elements", 0, "elements"),
        ("elements", 2**32 - 1, "elements"),
        ("offset", 2**63, "ends at byte"),
        ("offset", 0, "inside the header"),
        ("bytes", 2**40, "bytes"),
    ],
)
def test_inconsistent_tensor_entry_is_named(tiny_encoder, field, value, words):
    content = bytearray(tiny_encoder.read_bytes())
    place, code = {"kind": (0, "<B"), "elements": (1, "<I"), "offset": (5, "<Q"), "bytes": (13, "<Q")}[field]
    struct.pack_into(code, content, entry(bytes(content), "l1.fi.w") + place, value)
    tiny_encoder.write_bytes(content)
    with pytest.raises(ModelFileError, match=words):
        open_weights(tiny_encoder)


def test_overlapping_tensors_are_named(tiny_encoder):
    content = bytearray(tiny_encoder.read_bytes())
    one, other = entry(bytes(content), "l0.q.w"), entry(bytes(content), "l0.k.w")
    content[other + 5 : other + 13] = content[one + 5 : one + 13]
    tiny_encoder.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"l0\.. *.* and l0\..* overlap"):
        open_weights(tiny_encoder)


@pytest.mark.parametrize("name", ["l9.q.w", "l01.q.w", "l1.xx.w", "l1.q.x", "emb.odd", "l1", "l².q.w"])
def test_tensor_that_the_format_does_not_have_is_refused(tiny_encoder, name):
    content = tiny_encoder.read_bytes()
    old, new = b"l1.q.w", name.encode()
    content = content.replace(struct.pack("<H", len(old)) + old, struct.pack("<H", len(new)) + new)
    tiny_encoder.write_bytes(content)
    with pytest.raises(ModelFileError):
        open_weights(tiny_encoder)


def test_missing_tensor_is_named_by_the_plan(write_encoder, encoder_tensors):
    del encoder_tensors["l1.oln.b"]
    weights = open_weights(write_encoder(encoder_tensors))
    with pytest.raises(ModelFileError, match=r"l1\.oln\.b is missing"):
        plan_encoder(weights, ENCODER_FAMILIES)


def test_other_versions_are_unsupported_not_damaged(tiny_encoder):
    content = bytearray(tiny_encoder.read_bytes())
    content[4:8] = b"\x02\0\0\0"
    tiny_encoder.write_bytes(content)
    with pytest.raises(UnsupportedModelError, match="version 2"):
        open_weights(tiny_encoder)


def test_weights_that_are_not_finite_are_refused_when_read(write_encoder, encoder_tensors):
    encoder_tensors["l0.aln.w"][3] = np.inf
    weights = open_weights(write_encoder(encoder_tensors))
    with pytest.raises(ModelFileError, match=r"l0\.aln\.w"):
        weights.read("l0.aln.w")
