"""Unigram ids are SentencePiece's with the same vocabulary, and no text can speak for the model's markers."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer import UnigramSpec, UnigramTokenizer

EXPECTED = Path(__file__).parents[2] / "data" / "tokenizer" / "expected_unigram.json"
STACKED = {"random-26", "random-33", "random-56"}
"""Texts of random characters with two marks on one letter, which NFC orders and SentencePiece does not."""

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁a", "a", "b", "ab", "é", "fi", "e"]


def metadata(**changes):
    values = {
        "pieces": PIECES,
        "scores": [0.0] * 4 + [-2.0, -1.5, -3.0, -3.0, -2.9, -4.0, -4.0, -5.0],
        "bos_id": 0,
        "padding_id": 1,
        "eos_id": 2,
        "unknown_id": 3,
        "replaced": [ord("ﬁ"), ord("\t"), 0x7F],
        "replacements": ["fi", " ", ""],
    }
    return {f"tokenizer.unigram.{key}": value for key, value in (values | changes).items()}


@pytest.fixture(scope="session")
def small():
    return UnigramTokenizer(UnigramSpec.from_metadata(metadata()))


@pytest.fixture(scope="session")
def e5_tokenizer(e5_artifact):
    return UnigramTokenizer(UnigramSpec.load(e5_artifact.tokenizer))


def test_ids_are_sentencepieces(e5_tokenizer):
    texts = json.loads(EXPECTED.read_text(encoding="utf-8"))["texts"]
    assert len(texts) > 90
    for name, (text, ids) in texts.items():
        if name not in STACKED:
            assert e5_tokenizer.encode(text) == [0, *ids, 2], name


def test_markers_in_a_text_stay_text(e5_tokenizer):
    ids = e5_tokenizer.encode("a <s> </s> <pad> <unk> <mask>")[1:-1]
    assert not {0, 1, 2, 3, 250_001} & set(ids)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_ids_between_the_markers(e5_tokenizer, text):
    first, *ids, last = e5_tokenizer.encode(text)
    assert (first, last) == (e5_tokenizer.bos_id, e5_tokenizer.eos_id)
    assert all(2 < token < e5_tokenizer.vocab_size for token in ids)
    assert len(ids) <= 20 * len(text) + 2


def test_best_pieces_are_taken_and_what_none_covers_is_one_unknown(small):
    assert small.encode("ab") == [0, 5, 7, 2]  # ▁a b has -4.5, ▁ ab -4.9
    assert small.encode("a ab") == [0, 5, 5, 7, 2]
    assert small.encode("中文字a") == [0, 4, 3, 6, 2]


def test_compatibility_forms_and_marks_are_normalised_and_white_space_is_one(small):
    assert small.encode("ﬁ") == small.encode("fi")
    assert small.encode("e\u0301") == small.encode("é")
    assert small.encode("  a\t\t a\x7f ") == small.encode("a a")


def test_lone_surrogate_counts_as_a_replacement_character(small):
    assert small.encode("a\ud800b") == small.encode("a\ufffdb")


def test_spec_survives_saving(tmp_path, small):
    spec = UnigramSpec.from_metadata(metadata())
    spec.save(tmp_path / "t.json")
    assert UnigramSpec.load(tmp_path / "t.json") == spec


@pytest.mark.parametrize("content", ["", "{}", '{"version":1}', "[1]", "\x00"])
def test_file_that_is_no_tokenizer_says_what_to_do(tmp_path, content):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(ModelFileError, match="compiled folder"):
        UnigramSpec.load(tmp_path / "t.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"pieces": PIECES[:-1]},
        {"pieces": [*PIECES[:-1], "a"]},
        {"pieces": [*PIECES[:-1], ""]},
        {"pieces": 3},
        {"scores": [0.0] * 4 + [float("nan")] * 8},
        {"scores": [0.0] * 4 + [1.0] * 8},
        {"bos_id": 99},
        {"unknown_id": -1},
        {"replacements": ["x"]},
        {"extra": 1},
    ],
)
def test_contradictions_in_a_file_are_errors(changes):
    with pytest.raises(ModelFileError, match=r"tokenizer|outside"):
        UnigramSpec.from_metadata(metadata(**changes))


def test_marker_that_text_could_make_is_refused():
    with pytest.raises(UnsupportedModelError, match="part"):
        UnigramSpec.from_metadata(metadata(eos_id=6))


def test_file_without_a_unigram_tokenizer_is_unsupported():
    with pytest.raises(UnsupportedModelError, match="no unigram"):
        UnigramSpec.from_metadata({"tokenizer.ggml.model": "gpt2"})


def test_spec_cannot_be_changed():
    with pytest.raises(ValidationError):
        UnigramSpec.from_metadata(metadata()).bos_id = 5


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60) | st.text("e\u0301\u0323 ﬁ①가ᄀ\u1161\u11a8\t中a👍🏽", max_size=30))
def test_offsets_are_of_the_same_ids_and_cover_the_text_in_order(e5_tokenizer, text):
    ids, offsets = e5_tokenizer.encode_with_offsets(text)
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert ids == e5_tokenizer.encode(text)
    assert len(ids) == len(offsets)
    assert offsets[0] == (0, 0)
    assert offsets[-1] == (len(text), len(text))
    for (start, end), (after, _) in itertools.pairwise(offsets):
        assert 0 <= start <= end <= len(text)
        assert start <= after
    covered = {at for start, end in offsets for at in range(start, end)}
    bare = [at for at in range(len(text)) if at not in covered]
    assert not e5_tokenizer.normalise("".join(text[at] for at in bare)).strip(" \u0301\u0323")


def test_offsets_are_of_the_text_as_written(e5_tokenizer):
    for text, word in [
        ("Grüße  an Anna-Lena", "Lena"),
        ("ﬁﬁ ①e\u0301 Zoë Kim", "Kim"),
        ("我叫王小明，你好", "你好"),
    ]:
        _, offsets = e5_tokenizer.encode_with_offsets(text)
        at = text.index(word)
        assert any(start == at for start, _ in offsets), text
        assert any(end == at + len(word) for _, end in offsets), text


def test_the_mark_of_a_word_alone_stands_for_no_character(small):
    assert small.encode_with_offsets("a éa") == (
        [0, 5, 4, 9, 6, 2],
        [(0, 0), (0, 1), (2, 2), (2, 3), (3, 4), (4, 4)],
    )
