"""Tokenizers of real files and their peers in the `tokenizers` library."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from prudent.compiler.readers import open_weights
from prudent.tokenizer import Tokenizer as OurTokenizer
from prudent.tokenizer import TokenizerSpec

DATA = Path(__file__).parents[2] / "data" / "tokenizer"
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}"
    r"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split_by(pattern: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def peer_pre_tokenizer(name: str) -> pre_tokenizers.PreTokenizer:
    """What each family's own tokenizer.json says."""
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    single_digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2])
    return {
        "gpt-2": gpt2,
        "smollm": single_digits,
        "starcoder": single_digits,
        "qwen2": split_by(CL100K.format(digits="")),
        "llama-bpe": split_by(CL100K.format(digits="{1,3}")),
    }[name]


def metadata_of(path: Path) -> dict[str, Any]:
    """By our reader, which is held to the `gguf` library elsewhere and is done a hundred times sooner."""
    return {key: value for key, value in open_weights(path).metadata.items() if key.startswith("tokenizer.")}


def peer_of(metadata: dict[str, Any], *, ignore_merges: bool = False) -> Tokenizer:
    tokens = metadata["tokenizer.ggml.tokens"]
    merges = [tuple(line.split(" ")) for line in metadata["tokenizer.ggml.merges"]]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = peer_pre_tokenizer(metadata["tokenizer.ggml.pre"])
    return tokenizer


def trained_metadata(pre: str) -> dict[str, Any]:
    """A small vocabulary trained by `tokenizers` on the corpus in a family's way, as GGUF has it."""
    trainer = trainers.BpeTrainer(
        vocab_size=1200,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = peer_pre_tokenizer(pre)
    tokenizer.train_from_iterator(json.loads((DATA / "corpus.json").read_text("utf-8")).values(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3, 3, 3] + [1] * (len(tokens) - 3),
        "tokenizer.ggml.merges": [" ".join(pair) for pair in model["merges"]],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }


@pytest.fixture(scope="session")
def trained() -> Callable[[str], dict[str, Any]]:
    return functools.cache(trained_metadata)


@pytest.fixture(scope="session")
def make_peer() -> Callable[..., Tokenizer]:
    return peer_of


@pytest.fixture(scope="session")
def corpus() -> dict[str, str]:
    return json.loads((DATA / "corpus.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    return json.loads((DATA / "expected.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def smol_metadata(smol_gguf: Path) -> dict[str, Any]:
    return metadata_of(smol_gguf)


@pytest.fixture(scope="session")
def smol_spec(smol_metadata: dict[str, Any]) -> TokenizerSpec:
    return TokenizerSpec.from_metadata(smol_metadata)


@pytest.fixture(scope="session")
def smol_tokenizer(smol_spec: TokenizerSpec) -> OurTokenizer:
    return OurTokenizer(smol_spec)


@pytest.fixture(scope="session")
def smol_peer(smol_metadata: dict[str, Any]) -> Tokenizer:
    return peer_of(smol_metadata)


@pytest.fixture(scope="session")
def qwen_spec() -> TokenizerSpec:
    """Qwen2.5-Coder's tokenizer, where its file is in the cache: a test does not fetch half a gigabyte."""
    given = os.environ.get("PRUDENT_TEST_QWEN_GGUF")
    if given is None:
        from prudent.catalog import Catalog
        from prudent.catalog.fetch import fetch, is_fetched

        entry = Catalog.load().get("qwen2.5-coder-0.5b-instruct")
        if not is_fetched(entry):
            pytest.skip("qwen2.5-coder-0.5b-instruct is not in the cache: prudent models pull brings it")
        given = str(fetch(entry) / entry.files[0].name)
    return TokenizerSpec.from_metadata(metadata_of(Path(given)))
