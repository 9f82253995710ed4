"""Every family computes what its papers say: compiled to float32, against a decoder in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from prudent.compiler.compile import compile_decoder
from prudent.compiler.families import FAMILIES
from prudent.compiler.families.spec import DecoderSpec, LocalAttention
from prudent.compiler.graph.assembly import Lowering

# Families that prudent does not ship: adding one takes a spec and no code.
QWEN3 = DecoderSpec(architecture="qwen3", rope="half")
GEMMA3 = DecoderSpec(
    architecture="gemma3",
    rope="half",
    activation="gelu_tanh",
    scale_embedding=True,
    local_attention=LocalAttention(global_every=3, rope_base=500.0),
)
GEMMA2 = DecoderSpec(
    architecture="gemma2",
    rope="half",
    activation="gelu_tanh",
    scale_embedding=True,
    local_attention=LocalAttention(global_every=2),
)
KNOWN = {**FAMILIES, "qwen3": QWEN3, "gemma3": GEMMA3, "gemma2": GEMMA2}

MODELS = {
    "qwen2": {"bias": True, "tied": False},
    "llama": {"interleaved": True},
    "qwen3": {"qk_norm": True, "base": 1e6},
    "gemma3": {
        "qk_norm": True,
        "post_norms": True,
        "gelu": True,
        "scale_embedding": True,
        "window": 5,
        "global_every": 3,
        "local_base": 500.0,
        "rope_scale": 8.0,
        "layers": 4,
    },
    "gemma2": {
        "post_norms": True,
        "gelu": True,
        "scale_embedding": True,
        "window": 6,
        "global_every": 2,
        "attention_softcap": 5.0,
        "logit_softcap": 3.0,
        "layers": 3,
    },
}
IDS = np.random.default_rng(1).integers(0, 256, 24).tolist()


@pytest.mark.parametrize("fuse_gate_up", [False, True])
@pytest.mark.parametrize("family", MODELS)
def test_float32_target_equals_the_definition(
    family, fuse_gate_up, architecture, make_tiny, by_definition, runner, identity, tmp_path
):
    arch = architecture(family, **MODELS[family])
    source = make_tiny(arch)
    artifact = compile_decoder(
        source,
        tmp_path / "out",
        identity,
        target="float32",
        lowering=Lowering(fuse_gate_up=fuse_gate_up),
        families=KNOWN,
    )
    expected = by_definition(source, arch, IDS)
    decoder = runner(artifact)
    np.testing.assert_allclose(decoder.feed(IDS), expected, atol=2e-4 * np.abs(expected).max())
    decoder.reset()
    by_steps = [decoder.feed(IDS[:10]), *(decoder.feed([token]) for token in IDS[10:])]
    np.testing.assert_allclose(np.concatenate(by_steps), expected, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize("family", MODELS)
def test_logit_rows_picks_rows_in_the_order_asked(
    family, architecture, make_tiny, runner, identity, tmp_path
):
    source = make_tiny(architecture(family, **MODELS[family]))
    artifact = compile_decoder(source, tmp_path / "out", identity, target="float32", families=KNOWN)
    decoder = runner(artifact)
    every = decoder.feed(IDS)
    decoder.reset()
    np.testing.assert_allclose(decoder.feed(IDS, rows=[23, 0, 7]), every[[23, 0, 7]], atol=1e-4)
