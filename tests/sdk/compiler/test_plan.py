"""Planning refuses what it would otherwise leave out or get wrong."""

from __future__ import annotations

import pytest

from prudent.compiler.families import FAMILIES
from prudent.compiler.plan import plan_decoder
from prudent.compiler.readers import open_weights
from prudent.errors import ModelFileError, UnsupportedModelError


def plan(path):
    return plan_decoder(open_weights(path), FAMILIES)


def test_unknown_family_names_those_that_are_known(architecture, make_tiny):
    with pytest.raises(UnsupportedModelError, match=r"'mamba'.*qwen2, llama"):
        plan(make_tiny(architecture("mamba")))


def test_metadata_that_nobody_reads_is_refused(architecture, make_tiny):
    with pytest.raises(UnsupportedModelError, match=r"llama\.attention\.clamp_kqv"):
        plan(make_tiny(architecture("llama", extra={"attention.clamp_kqv": 8.0})))


def test_window_of_a_family_without_local_layers_is_refused(architecture, make_tiny):
    with pytest.raises(UnsupportedModelError, match="sliding_window"):
        plan(make_tiny(architecture("qwen2", window=8)))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"kv_heads": 3}, UnsupportedModelError, "heads"),
        ({"epsilon": float("nan")}, ModelFileError, "layer_norm_rms_epsilon"),
        ({"base": -1.0}, ModelFileError, "freq_base"),
        ({"context": 0}, ModelFileError, "context_length"),
    ],
)
def test_impossible_sizes_are_named(change, error, words, architecture, make_tiny):
    with pytest.raises(error, match=words):
        plan(make_tiny(architecture("llama", **change)))


def test_metadata_and_tensor_shapes_must_agree(architecture, make_tiny):
    source = make_tiny(architecture("llama"))
    key = b"llama.feed_forward_length" + (4).to_bytes(4, "little")
    content = source.read_bytes()
    source.write_bytes(content.replace(key + (96).to_bytes(4, "little"), key + (100).to_bytes(4, "little")))
    with pytest.raises(ModelFileError, match=r"ffn_gate.*\(100, 64\)"):
        plan(source)


def test_a_head_of_its_own_and_a_tied_one_are_told_apart(architecture, make_tiny):
    assert plan(make_tiny(architecture("llama"))).is_tied
    assert not plan(make_tiny(architecture("llama", tied=False))).is_tied
