"""A tokenizer's data is checked when it is taken from a file, and comes back from disk as it was."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.errors import ModelFileError, UnsupportedModelError
from prudent.tokenizer import Tokenizer, TokenizerSpec, TokenType

PREFIX = "tokenizer.ggml."


@pytest.fixture
def metadata(trained):
    return dict(trained("qwen2"))


def test_a_real_tokenizer_is_read(smol_spec):
    assert len(smol_spec.tokens) == 49152
    assert smol_spec.pre == "smollm"
    assert (smol_spec.bos_id, smol_spec.eos_id, smol_spec.pad_id) == (1, 2, 2)
    assert smol_spec.merge_order is None
    assert not smol_spec.add_bos
    assert smol_spec.special_tokens["<|im_end|>"] == 2
    assert len(smol_spec.special_tokens) == 17


def test_every_token_that_ends_an_answer_stops_it(smol_spec, metadata):
    assert smol_spec.stop_ids == (0, 2)
    metadata[PREFIX + "eos_token_id"] = 5
    metadata[PREFIX + "eot_token_id"] = 7
    assert TokenizerSpec.from_metadata(metadata).stop_ids == (0, 2, 5, 7)


def test_it_comes_back_from_disk(smol_spec, tmp_path):
    smol_spec.save(tmp_path / "tokenizer.json")
    assert TokenizerSpec.load(tmp_path / "tokenizer.json") == smol_spec


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"version": 2}', b"\xff\xfe"])
def test_what_is_not_a_tokenizer_is_named(content, tmp_path):
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"tokenizer\.json is not a tokenizer"):
        TokenizerSpec.load(path)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("model", "llama", "'llama'"),
        ("pre", "deepseek-llm", "'deepseek-llm'"),
    ],
)
def test_what_prudent_cannot_run_is_named(metadata, key, value, says):
    metadata[PREFIX + key] = value
    with pytest.raises(UnsupportedModelError, match=says):
        TokenizerSpec.from_metadata(metadata)


@pytest.mark.parametrize("key", ["model", "pre", "tokens", "token_type", "merges"])
@pytest.mark.parametrize("value", [None, 3, 2.5, [None], [b"a"], {"a": 1}])
def test_a_missing_value_or_one_of_another_type_names_the_key(metadata, key, value):
    metadata[PREFIX + key] = value
    with pytest.raises(ModelFileError, match=key):
        TokenizerSpec.from_metadata(metadata)


@pytest.mark.parametrize("key", ["bos_token_id", "eos_token_id", "padding_token_id", "eot_token_id"])
@pytest.mark.parametrize("value", [-1, 1200, 2**40])
def test_an_id_outside_the_vocabulary_is_named(metadata, key, value):
    metadata[PREFIX + key] = value
    with pytest.raises(ModelFileError, match=str(value)):
        TokenizerSpec.from_metadata(metadata)


def test_contradictions_are_found(metadata):
    tokens, types = metadata[PREFIX + "tokens"], metadata[PREFIX + "token_type"]
    for change in (
        {"tokens": [*tokens[:-1], tokens[-2]]},
        {"tokens": [*tokens[:-1], ""]},
        {"tokens": []},
        {"token_type": types[:-1]},
        {"token_type": [*types[:-1], 9]},
        {"token_type": [*types[:-1], TokenType.BYTE]},
        {"eos_token_id": None, "token_type": [1] * len(types)},
        {"merges": [*metadata[PREFIX + "merges"], "no such"]},
        {"add_bos_token": "yes"},
    ):
        with pytest.raises(ModelFileError):
            TokenizerSpec.from_metadata(metadata | {PREFIX + key: value for key, value in change.items()})


def test_ids_out_of_merge_order_are_mapped(trained, make_peer, corpus):
    metadata = trained("qwen2")
    order = list(range(len(metadata[PREFIX + "tokens"])))
    random.Random(7).shuffle(order)
    shuffled = metadata | {
        PREFIX + key: [metadata[PREFIX + key][i] for i in order] for key in ("tokens", "token_type")
    }
    for name in ("bos", "eos"):
        shuffled[PREFIX + f"{name}_token_id"] = order.index(metadata[PREFIX + f"{name}_token_id"])
    spec = TokenizerSpec.from_metadata(shuffled)
    assert spec.merge_order is not None
    ours, peer = Tokenizer(spec), make_peer(shuffled)
    for text in corpus.values():
        assert ours.encode(text) == peer.encode(text, add_special_tokens=False).ids
        assert ours.decode(ours.encode(text)) == text


VALUES = st.one_of(
    st.none(), st.integers(), st.text(max_size=4), st.lists(st.text(max_size=3), max_size=4),
    st.lists(st.integers(-2, 7), max_size=4),
)  # fmt: skip
KEYS = ("model", "pre", "tokens", "token_type", "merges", "bos_token_id", "eos_token_id", "add_bos_token")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES), st.booleans())
def test_any_metadata_is_taken_or_refused(values, plausible):
    metadata = {PREFIX + key: value for key, value in values.items()}
    if plausible:
        metadata |= {PREFIX + "model": "gpt2", PREFIX + "pre": "qwen2"}
    with contextlib.suppress(ModelFileError):
        Tokenizer(TokenizerSpec.from_metadata(metadata)).encode("ab")
