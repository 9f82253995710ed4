"""Masks, forced tokens and ends, over a real model's vocabulary and over one of single bytes."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from prudent.compiler.readers import open_weights
from prudent.errors import GrammarError, InternalError
from prudent.generation.grammar import Choice, GrammarCompiler, JsonSchema, Regex
from prudent.tokenizer import Tokenizer, TokenizerSpec, TokenType

if TYPE_CHECKING:
    from conftest import Walker


@pytest.fixture(scope="module")
def smol(smol_gguf: Path) -> Tokenizer:
    return Tokenizer(TokenizerSpec.from_metadata(open_weights(smol_gguf).metadata))


@pytest.fixture(scope="module")
def smol_compiler(smol: Tokenizer) -> GrammarCompiler:
    return GrammarCompiler(smol)


def _start(compiler: GrammarCompiler, source: Any) -> Any:
    return compiler.compile(source).grammar.start()


def _mask(tokenizer: Tokenizer, constraint: Any) -> set[int]:
    mask = np.full(-(-tokenizer.vocab_size // 32) + 2, -1, np.int32)
    constraint.fill_mask(mask)
    assert not mask[-2:].any()
    return set(np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little")).tolist())


def _begins_text(raw: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return False
    return True


def test_free_text_allows_every_normal_token_and_every_end_and_no_control_token(
    smol: Tokenizer, smol_compiler: GrammarCompiler
) -> None:
    allowed = _mask(smol, _start(smol_compiler, Regex("(?s).*")))
    kinds = smol.spec.token_types
    control = {token for token, kind in enumerate(kinds) if kind != TokenType.NORMAL}
    unwritable = {c for c in range(32) if chr(c) not in "\b\t\n\f\r"} | {127}
    expected = {
        token
        for token in range(smol.vocab_size)
        if token not in control
        and _begins_text(smol.token_bytes(token))
        and not unwritable & set(smol.token_bytes(token))
    }
    assert allowed & control == smol.stop_ids
    assert allowed - control == expected


def test_forced_tokens_spell_what_must_come_as_the_model_cuts_it(
    smol: Tokenizer, smol_compiler: GrammarCompiler
) -> None:
    schema = '{"type": "object", "properties": {"full name": {"type": "string"}}, "required": ["full name"]}'
    constraint = _start(smol_compiler, JsonSchema(schema))
    forced = constraint.forced()
    assert smol.decode(forced) == '{"full name'  # what follows depends on whether a space does
    assert list(forced) == smol.encode('{"full name": "Ada"}')[: len(forced)]
    assert constraint.forced() == forced
    for token in forced:
        assert token in _mask(smol, constraint)
        constraint.accept(token)
    assert constraint.forced() == ()


def test_a_byte_without_a_token_ends_the_forced_ones_and_then_the_sequence(
    smol: Tokenizer, smol_compiler: GrammarCompiler
) -> None:
    constraint = _start(smol_compiler, Choice(("a\U00050000b",)))  # its first byte is 0xF1
    forced = constraint.forced()
    assert smol.decode(forced) == "a"
    constraint.accept(forced[0])
    with pytest.raises(GrammarError, match="no token for"):
        _mask(smol, constraint)


def test_the_end_comes_by_itself_where_nothing_may_follow(walker: Walker, compiler: GrammarCompiler) -> None:
    constraint = _start(compiler, Regex("ab?"))
    assert not constraint.complete
    constraint.accept(ord("a"))
    assert not constraint.complete
    assert set(walker.allowed(constraint)) == {ord("b"), *walker.tokenizer.stop_ids}
    constraint.accept(ord("b"))
    assert constraint.complete
    assert constraint.forced() == ()


def test_looking_ahead_changes_nothing(walker: Walker, compiler: GrammarCompiler) -> None:
    constraint = _start(compiler, Regex("a{3}"))
    assert constraint.allowed([97, 97, 98]) == 2
    assert constraint.allowed([97, 97, 97, 257, 97]) == 4
    assert constraint.allowed([]) == 0
    assert walker.allowed(constraint) == [97]


def test_a_token_out_of_place_is_an_error_of_its_sequence_alone(compiler: GrammarCompiler) -> None:
    source = Regex("secret")
    fallen, other = _start(compiler, source), _start(compiler, source)
    with pytest.raises(InternalError) as raised:
        fallen.accept(ord("x"))
    assert "secret" not in str(raised.value)
    with pytest.raises(InternalError):
        fallen.fill_mask(np.zeros(9, np.int32))
    assert not fallen.complete
    other.accept(ord("s"))


def test_a_mask_of_another_shape_is_refused(compiler: GrammarCompiler) -> None:
    constraint = _start(compiler, Regex("a"))
    for mask in (
        np.zeros(8, np.int32),
        np.zeros(9, np.int64),
        np.zeros((3, 9), np.int32),
        np.zeros(18, np.int32)[::2],
    ):
        with pytest.raises(ValueError, match="contiguous"):
            constraint.fill_mask(mask)
