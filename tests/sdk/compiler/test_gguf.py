"""Reading GGUF: values equal the gguf library's, and no damaged file does worse than a clear error."""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc

import gguf
import numpy as np
import pytest
from gguf.quants import dequantize, quantize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.compiler.families import FAMILIES
from prudent.compiler.plan import plan_decoder
from prudent.compiler.readers import open_weights
from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer.spec import TokenizerSpec

DAMAGE = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def good(make_tiny):
    return make_tiny()


def open_all(path):
    """Everything that compiling does to a file before it computes."""
    weights = open_weights(path)
    try:
        plan_decoder(weights, FAMILIES)
        TokenizerSpec.from_metadata(weights.metadata)
        for name in weights.tensors:
            weights.read(name)
    finally:
        weights.close()


@pytest.mark.parametrize(
    "kind", ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]
)
def test_every_block_type_reads_as_the_library_reads_it(kind, tmp_path):
    quantisation = gguf.GGMLQuantizationType[kind]
    elements, size = gguf.GGML_QUANT_SIZES[quantisation]
    random = np.random.default_rng(0)
    if kind in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"):
        data = quantize(random.standard_normal((70, 768)).astype(np.float32), quantisation)
    else:  # the library cannot write these; any bytes are valid but for the float16 scales
        data = random.integers(0, 32, (70, 768 // elements * size), dtype=np.uint8)
    writer = gguf.GGUFWriter(tmp_path / "t.gguf", "qwen2")
    writer.add_tensor("t", data, raw_dtype=quantisation)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    weights = open_weights(tmp_path / "t.gguf")
    expected = dequantize(data, quantisation)
    assert weights.tensors["t"].shape == (70, 768)
    np.testing.assert_array_equal(weights.read("t"), expected)
    np.testing.assert_array_equal(weights.read("t", 3, 9), expected[3:9])


def test_metadata_equals_the_librarys(good):
    weights, library = open_weights(good), gguf.GGUFReader(good)
    fields = {key: field.contents() for key, field in library.fields.items() if not key.startswith("GGUF.")}
    assert dict(weights.metadata) == fields


def test_every_shorter_file_is_refused(good):
    content = good.read_bytes()
    for size in [*range(200), *range(200, len(content), 997), len(content) - 1]:
        good.write_bytes(content[:size])
        with pytest.raises(ModelFileError):
            open_weights(good)


@DAMAGE
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 1 << 14), st.binary(min_size=1, max_size=9)), min_size=1, max_size=4
    )
)
def test_damaged_header_gives_an_error_or_a_sound_model_quickly(good, changes):
    content = bytearray(good.read_bytes())
    for place, data in changes:
        content[place : place + len(data)] = data
    victim = good.with_name("victim.gguf")
    victim.write_bytes(content)
    started = time.monotonic()
    with contextlib.suppress(ModelFileError):
        open_all(victim)
    assert time.monotonic() - started < 10


@DAMAGE
@given(
    place=st.integers(0, 1200),
    number=st.sampled_from([2**64 - 1, 2**63, 2**62, 2**48, 2**40, 2**33, 2**32 - 1, 2**31, 2**24]),
)
def test_absurd_counts_cost_no_memory(good, place, number):
    content = bytearray(good.read_bytes())
    struct.pack_into("<Q", content, place, number)
    victim = good.with_name("victim.gguf")
    victim.write_bytes(content)
    tracemalloc.start()
    try:
        open_all(victim)
    except ModelFileError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 64 * len(content) + (64 << 20)


def tensor_entry(content: bytes, name: str) -> int:
    """Where a tensor's rank stands in the header."""
    encoded = name.encode()
    return content.index(struct.pack("<Q", len(encoded)) + encoded) + 8 + len(encoded)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("rank", 0, "dimensions"),
        ("rank", 2**32 - 1, "dimensions"),
        ("columns", 2**63, "ends at byte"),
        ("columns", 0, "shape"),
        ("columns", 33, "shape"),
        ("rows", 2**40, "ends at byte"),
        ("type", 999, "block type"),
        ("offset", 2**63, "ends at byte"),
        ("offset", 1, "aligned"),
        ("offset", 0, "overlap"),
    ],
)
def test_inconsistent_tensor_entry_is_named(good, field, value, words):
    content = bytearray(good.read_bytes())
    at = tensor_entry(bytes(content), "blk.1.ffn_up.weight")
    place = {"rank": 0, "columns": 4, "rows": 12, "type": 20, "offset": 24}[field]
    struct.pack_into("<I" if field in ("rank", "type") else "<Q", content, at + place, value)
    good.write_bytes(content)
    with pytest.raises(ModelFileError, match=words):
        open_weights(good)


def test_other_files_are_refused_by_their_first_bytes(tmp_path):
    for content in (b"", b"GG", b"PK\x03\x04" + bytes(100), b"\x80\x04pickle"):
        (tmp_path / "x.gguf").write_bytes(content)
        with pytest.raises(ModelFileError, match="no weight file"):
            open_weights(tmp_path / "x.gguf")
    with pytest.raises(ModelFileError, match="cannot be read"):
        open_weights(tmp_path / "missing.gguf")


def test_big_endian_and_old_versions_are_unsupported_not_damaged(good):
    content = bytearray(good.read_bytes())
    for version in (b"\x01\0\0\0", b"\0\0\0\x03", b"\x63\0\0\0"):
        content[4:8] = version
        good.write_bytes(content)
        with pytest.raises(UnsupportedModelError, match="version"):
            open_weights(good)


def test_weights_that_are_not_finite_are_refused_when_read(good):
    weights = open_weights(good)
    names = list(weights.tensors)
    content = bytearray(good.read_bytes())
    norm = weights.read("output_norm.weight").tobytes()
    weights.close()
    at = bytes(content).index(norm)
    struct.pack_into("<f", content, at, float("nan"))
    good.write_bytes(content)
    damaged = open_weights(good)
    assert list(damaged.tensors) == names
    with pytest.raises(ModelFileError, match=r"output_norm\.weight"):
        damaged.read("output_norm.weight")
