"""Safetensors files are read as their own library reads them, and damaged ones never as something else."""

from __future__ import annotations

import json
import struct
from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from prudent.compiler.compile_encoder import compile_encoder
from prudent.compiler.encoder_gate import EncoderLimits
from prudent.compiler.readers import open_weights
from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.runtime.session import open_session

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "##s", "how", "do", "my", *"abcdefghijklmnopq"]
NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def bert_name(name: str) -> str:
    """The Hugging Face name of a tensor of the toy encoder."""
    if name in NAMES:
        return NAMES[name]
    stem, _, role = name.rpartition(".")
    role = {"w": "weight", "b": "bias"}[role]
    if stem == "emb.ln":
        return f"{NAMES[stem]}.{role}"
    layer, _, part = stem.partition(".")
    return f"encoder.layer.{layer[1:]}.{NAMES[part]}.{role}"


def config(tensors, **changes):
    """A config.json."""
    words, hidden = tensors["emb.word"].shape
    found = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": hidden,
        "intermediate_size": 128,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": len(tensors["emb.pos"]),
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "type_vocab_size": 2,
        "vocab_size": words,
        "_name_or_path": "toy",
    }
    return {key: value for key, value in (found | changes).items() if value is not None}


def tokenizer(**changes):
    """A tokenizer.json."""
    normalizer = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    special = [{"SpecialToken": {"id": token, "type_id": 0}} for token in ("[CLS]", "[SEP]")]
    return {
        "version": "1.0",
        "padding": {"pad_token": "[PAD]"},
        "normalizer": {"type": "BertNormalizer", **normalizer},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special[0], {"Sequence": {"id": "A", "type_id": 0}}, special[1]],
        },
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: index for index, word in enumerate(WORDS)},
        },
    } | changes


@pytest.fixture
def bert_folder(encoder_tensors, tmp_path):
    """A toy encoder as Hugging Face would have it, with a buffer and a pooler that nothing uses."""
    folder = tmp_path / "toy"
    folder.mkdir()
    tensors = {bert_name(name): values for name, values in encoder_tensors.items()}
    tensors["embeddings.position_ids"] = np.arange(300)[None]
    tensors["pooler.dense.weight"] = np.ones((64, 64), np.float32)
    tensors["pooler.dense.bias"] = np.ones(64, np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config(encoder_tensors)))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    return folder


def test_every_kind_of_number_is_read_as_its_library_reads_it(bert_folder):
    random = np.random.default_rng(3)
    tensors = {
        "a": random.standard_normal((5, 7)).astype(np.float32),
        "b": random.standard_normal((3, 2, 4)).astype(np.float16),
        "c": random.standard_normal(9).astype(np.float32),
        "count": np.arange(4),
    }
    save_file(tensors, bert_folder / "model.safetensors")
    with closing(open_weights(bert_folder / "model.safetensors")) as weights:
        assert set(weights.tensors) == {"a", "b", "c"}
        for name in ("a", "b", "c"):
            np.testing.assert_array_equal(weights.read(name), tensors[name].astype(np.float32))
        np.testing.assert_array_equal(weights.read("a", 1, 4), tensors["a"][1:4])


def test_bfloat16_is_the_upper_half_of_a_float(bert_folder):
    values = np.array([1.0, -2.5, 3.140625, 0.0], np.float32)
    header = json.dumps({"x": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}).encode()
    data = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    (bert_folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    with closing(open_weights(bert_folder / "model.safetensors")) as weights:
        np.testing.assert_array_equal(weights.read("x"), values)


def test_bert_gives_the_vectors_of_the_description(
    bert_folder, encoder_tensors, encoder_by_definition, identity, tmp_path
):
    source = bert_folder / "model.safetensors"
    artifact = compile_encoder(source, tmp_path / "f", identity, target="float32")
    rows = [[2, 4, 5, 6, 3], [2, 3], [2, 7, 8, 9, 10, 5, 6, 11, 12, 13, 3]]
    lengths = np.array(list(map(len, rows)), np.int32)
    ids = np.zeros((3, lengths.max()), np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    got = open_session(artifact.graph).run({"input_ids": ids, "lengths": lengths})[0]
    expected = np.stack([encoder_by_definition(encoder_tensors, row) for row in rows])
    np.testing.assert_allclose(got, expected, atol=2e-6)
    assert artifact.config.tokenizer == "wordpiece"
    limits = EncoderLimits(-1.0, -1.0, -1.0, -1.0)
    assert compile_encoder(source, tmp_path / "i", identity, limits=limits).card.accuracy.mean_cosine > 0.95


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", {"hidden_act": "relu"}, "hidden_act"),
        ("config.json", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ("config.json", {"is_decoder": True}, "is_decoder"),
        ("config.json", {"hidden_size": -3}, "hidden_size"),
        ("tokenizer.json", {"normalizer": {"type": "NFKC"}}, "normalizer"),
        ("tokenizer.json", {"model": {"type": "BPE"}}, "model"),
        ("tokenizer.json", {"extra": 1}, "extra"),
    ],
)
def test_what_would_change_the_result_and_is_not_known_is_refused(bert_folder, file, content, words):
    path = bert_folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | content))
    with pytest.raises(UnsupportedModelError, match=words):
        open_weights(bert_folder / "model.safetensors")


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000])
@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
def test_damaged_companion_is_an_error(bert_folder, file, content):
    (bert_folder / file).write_text(content)
    with pytest.raises(ModelFileError, match=file):
        open_weights(bert_folder / "model.safetensors")


def test_missing_companion_and_wrong_ids_are_errors(bert_folder):
    changed = tokenizer()
    changed["model"]["vocab"]["the"] = 99
    (bert_folder / "tokenizer.json").write_text(json.dumps(changed))
    with pytest.raises(ModelFileError, match="ids"):
        open_weights(bert_folder / "model.safetensors")
    (bert_folder / "config.json").unlink()
    with pytest.raises(ModelFileError, match=r"config\.json"):
        open_weights(bert_folder / "model.safetensors")


ENTRY = {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}


@pytest.mark.parametrize(
    "entries",
    [
        {"a": ENTRY | {"data_offsets": [0, 31]}},
        {"a": ENTRY | {"data_offsets": [32, 0]}},
        {"a": ENTRY | {"data_offsets": [0, 64], "shape": [4, 4]}},
        {"a": ENTRY | {"shape": [-2, -4]}},
        {"a": ENTRY | {"shape": [0, 4]}},
        {"a": ENTRY | {"shape": [1 << 62, 1 << 62]}},
        {"a": ENTRY, "b": ENTRY},
        {"a": {"dtype": "F32"}},
        [1, 2],
        {"a": 5},
    ],
)
def test_header_that_cannot_be_true_is_an_error(bert_folder, entries):
    header = json.dumps(entries).encode().replace(b"[1, 2]", b"{}{}")
    content = struct.pack("<Q", len(header)) + header + bytes(32)
    (bert_folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelFileError):
        open_weights(bert_folder / "model.safetensors")


def test_name_that_stands_twice_and_unknown_numbers_are_errors(bert_folder):
    path = bert_folder / "model.safetensors"
    entry = json.dumps(ENTRY)
    for header, words in (
        (f'{{"a": {entry}, "a": {entry}}}', "twice"),
        ('{"a": ' * 50_000, "header"),
        (json.dumps({"a": ENTRY | {"dtype": "F8_E4M3", "data_offsets": [0, 8]}}), "F8_E4M3"),
    ):
        path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(32))
        with pytest.raises(ModelFileError, match=words):
            open_weights(path)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_anywhere_in_the_header_is_an_error_or_harmless(bert_folder, data):
    path = bert_folder / "model.safetensors"
    original = (bert_folder / "whole").read_bytes() if (bert_folder / "whole").exists() else path.read_bytes()
    (bert_folder / "whole").write_bytes(original)
    size = 8 + int.from_bytes(original[:8], "little")
    place = data.draw(st.integers(0, size - 1))
    cut = data.draw(st.one_of(st.none(), st.integers(1, len(original))))
    damaged = bytearray(original)
    damaged[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(damaged[:cut]))
    try:
        with closing(open_weights(path)) as weights:
            for name in weights.tensors:
                weights.read(name)
    except ModelFileError:
        pass
