"""A compiled encoder computes what its description says, for each text by itself, and keeps its promise."""

from __future__ import annotations

import numpy as np
import pytest

from prudent.compiler.compile_encoder import compile_encoder
from prudent.compiler.encoder_gate import EncoderLimits, compare_vectors
from prudent.errors import AccuracyGateError, ModelFileError, UnsupportedModelError
from prudent.runtime.artifact import EncoderAccuracy
from prudent.runtime.session import open_session
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec

ANY = EncoderLimits(-1.0, -1.0, -1.0, -1.0)
ROWS = [[0, 5, 6, 9, 10, 11, 2], [0, 2], [0, 7, 6, 30, 31, 12, 13, 14, 15, 16, 17, 18, 2], [0, 5, 9, 9, 9, 2]]
"""Ids of four texts of different length."""


def run(session, rows, *, padding=1):
    """Vectors of right-padded rows."""
    lengths = np.array([len(row) for row in rows], np.int32)
    ids = np.full((len(rows), lengths.max()), padding, np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return session.run({"input_ids": ids, "lengths": lengths})[0]


def test_float32_gives_the_vectors_of_the_description(
    tiny_encoder, encoder_tensors, encoder_by_definition, identity, tmp_path
):
    artifact = compile_encoder(tiny_encoder, tmp_path / "out", identity, target="float32")
    expected = np.stack([encoder_by_definition(encoder_tensors, row) for row in ROWS])
    got = run(open_session(artifact.graph), ROWS)
    np.testing.assert_allclose(got, expected, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(got, axis=-1), 1.0, atol=1e-6)


@pytest.mark.parametrize("target", ["float32", "int8"])
def test_neither_neighbours_nor_padding_change_a_row(target, tiny_encoder, identity, tmp_path):
    artifact = compile_encoder(tiny_encoder, tmp_path / "out", identity, target=target, limits=ANY)
    session = open_session(artifact.graph)
    together = run(session, ROWS)
    for padding in (0, 3, 39):
        np.testing.assert_allclose(run(session, ROWS, padding=padding), together, atol=1e-6)
    for place, row in enumerate(ROWS):
        np.testing.assert_allclose(run(session, [row])[0], together[place], atol=1e-5)


def test_int8_goes_to_wider_weights_and_blocks_until_the_limits_hold_and_says_so(
    tiny_encoder, identity, tmp_path
):
    fast = compile_encoder(tiny_encoder, tmp_path / "rows", identity, limits=ANY).card
    assert fast.precision["layer_0.up"] == "int8, rows; weights 7 bits"
    assert isinstance(fast.accuracy, EncoderAccuracy)
    stricter = EncoderLimits(fast.accuracy.mean_cosine, -1.0, -1.0, -1.0)
    wide = compile_encoder(tiny_encoder, tmp_path / "wide", identity, limits=stricter).card
    assert wide.precision["layer_0.up"] == "int8, rows"
    assert wide.accuracy.mean_cosine > fast.accuracy.mean_cosine
    stricter = EncoderLimits(wide.accuracy.mean_cosine, -1.0, -1.0, -1.0)
    exact = compile_encoder(tiny_encoder, tmp_path / "blocks", identity, limits=stricter).card
    assert exact.precision["layer_0.up"].startswith("int8, blocks of")
    assert exact.accuracy.mean_cosine > wide.accuracy.mean_cosine


def test_compile_fails_where_no_block_keeps_the_limits(tiny_encoder, identity, tmp_path):
    with pytest.raises(AccuracyGateError, match="nearest texts"):
        compile_encoder(tiny_encoder, tmp_path / "out", identity, limits=EncoderLimits(mean_cosine=1.1))
    assert not (tmp_path / "out").exists()


def test_a_decoder_is_not_compiled_as_an_encoder(make_tiny, identity, tmp_path):
    with pytest.raises(UnsupportedModelError, match="no encoder"):
        compile_encoder(make_tiny(), tmp_path / "out", identity)


def test_damaged_tokenizer_is_found_before_anything_is_kept(tiny_encoder, identity, tmp_path):
    content = tiny_encoder.read_bytes().replace("▁query".encode(), "▁quer:".encode(), 1)
    tiny_encoder.write_bytes(content.replace("▁passage".encode(), "▁querya".encode() + b":", 1))
    compile_encoder(tiny_encoder, tmp_path / "odd", identity, limits=ANY)
    tiny_encoder.write_bytes(content.replace(b"<unk>", b"<pad>", 1))
    with pytest.raises(ModelFileError, match="piece twice"):
        compile_encoder(tiny_encoder, tmp_path / "out", identity, limits=ANY)


def test_comparison_gives_figures_that_are_known():
    angle = 0.1
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    points = np.deg2rad([0, 90, 200, 3, 95, 190])
    reference = np.stack([np.cos(points), np.sin(points)], -1).astype(np.float32)
    same = compare_vectors(reference, reference @ turned, 3, "x")
    assert same.nearest_agreement == 1.0
    assert same.rank_correlation == 1.0
    assert same.mean_cosine == pytest.approx(np.cos(angle), abs=1e-6)
    swapped = reference[[0, 1, 2, 4, 3, 5]]
    other = compare_vectors(reference, swapped, 3, "x")
    assert other.min_cosine == pytest.approx(np.cos(np.deg2rad(92)), abs=1e-6)
    assert other.nearest_agreement == pytest.approx(2 / 6)
    assert other.texts == 6


def test_real_model_keeps_its_promise_at_row_wise_int8(e5_artifact):
    card = e5_artifact.card
    assert EncoderLimits().hold(card.accuracy)
    assert card.accuracy.texts >= 80
    assert card.precision["layer_11.down"] == "int8, rows; weights 7 bits"
    # As published, without the pooler that the model does not use.
    assert card.parameters == 117_653_760 - 384 * 385
    assert e5_artifact.config.max_tokens == 512


def test_real_models_tokenizer_is_saved_whole(e5_artifact):
    tokenizer = UnigramTokenizer(UnigramSpec.load(e5_artifact.tokenizer))
    assert tokenizer.encode("") == [tokenizer.bos_id, tokenizer.eos_id]
    assert tokenizer.vocab_size == 250_002
