"""WordPiece ids are those of the model's own tokenizer.json, and no text can speak for its markers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer.encoder_tokenizers import kind_of_tokenizer, open_tokenizer, read_tokenizer
from prudent.tokenizer.wordpiece_spec import WordPieceSpec

CORPUS = Path(__file__).parents[2] / "data" / "tokenizer" / "corpus.json"
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "cat", "##s", "a")


@pytest.fixture(scope="session")
def minilm_tokenizer(minilm_artifact):
    return open_tokenizer(minilm_artifact.config.tokenizer, minilm_artifact.tokenizer)


@pytest.fixture(scope="session")
def minilm_reference(minilm_files):
    """The published tokenizer, told that text is text."""
    reference = tokenizers.Tokenizer.from_file(str(minilm_files / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    reference.encode_special_tokens = True
    return reference


def spec(**changes):
    values = {
        "pieces": PIECES,
        "bos_id": 2,
        "eos_id": 3,
        "padding_id": 0,
        "unknown_id": 1,
        "continuation": "##",
        "longest_word": 100,
        "clean_text": True,
        "split_chinese": True,
        "lowercase": True,
        "strip_accents": True,
    }
    return {f"tokenizer.wordpiece.{key}": value for key, value in (values | changes).items()}


def test_ids_are_those_of_the_published_tokenizer(minilm_tokenizer, minilm_reference):
    texts = json.loads(CORPUS.read_text(encoding="utf-8"))
    assert len(texts) > 80
    for name, text in texts.items():
        assert minilm_tokenizer.encode(text) == minilm_reference.encode(text).ids, name


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_the_published_ids(minilm_tokenizer, minilm_reference, text):
    assert minilm_tokenizer.encode(text) == minilm_reference.encode(text).ids


def test_markers_in_a_text_stay_text(minilm_tokenizer):
    ids = minilm_tokenizer.encode("[CLS] a [SEP] [PAD] [MASK] [UNK] [unused5]")
    assert (ids[0], ids[-1]) == (101, 102)
    assert not {0, 100, 101, 102, 103, 6} & set(ids[1:-1])


def test_lone_surrogate_counts_as_a_replacement_character(minilm_tokenizer):
    assert minilm_tokenizer.encode("a\ud800b") == minilm_tokenizer.encode("a\ufffdb")


def test_words_are_cut_and_what_no_piece_covers_is_one_unknown():
    _, small = read_tokenizer(spec())
    assert small.encode("Cats") == [2, 4, 5, 3]
    assert small.encode("á catss dog") == [2, 6, 4, 5, 5, 1, 3]
    assert small.encode("a" * 101) == [2, 1, 3]
    assert small.encode("") == [2, 3]


def test_spec_survives_saving(tmp_path):
    kept, tokenizer = read_tokenizer(spec())
    kept.save(tmp_path / "t.json")
    assert WordPieceSpec.load(tmp_path / "t.json") == kept
    assert open_tokenizer("wordpiece", tmp_path / "t.json").encode("cats") == tokenizer.encode("cats")


@pytest.mark.parametrize(
    "changes",
    [
        {"pieces": ()},
        {"pieces": (*PIECES, "a")},
        {"pieces": (*PIECES, "")},
        {"eos_id": 7},
        {"unknown_id": -1},
        {"continuation": ""},
        {"longest_word": 0},
        {"lowercase": "perhaps"},
        {"extra": 1},
    ],
)
def test_contradictions_in_a_file_are_errors(changes):
    with pytest.raises(ModelFileError, match=r"tokenizer|outside"):
        read_tokenizer(spec(**changes))


def test_file_without_an_encoders_tokenizer_is_unsupported():
    with pytest.raises(UnsupportedModelError, match="no tokenizer"):
        kind_of_tokenizer({"tokenizer.ggml.model": "gpt2"})
    with pytest.raises(UnsupportedModelError, match="no WordPiece"):
        WordPieceSpec.from_metadata({"tokenizer.unigram.pieces": ["a"]})
