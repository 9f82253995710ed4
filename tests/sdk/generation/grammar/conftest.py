"""A vocabulary of single bytes, and walks through grammars with it: seeing what one allows needs no model."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest

from prudent.generation.grammar import GrammarCompiler, GrammarSource, JsonSchema
from prudent.generation.grammar.matcher import MatcherConstraint
from prudent.tokenizer import Tokenizer, TokenizerSpec, TokenType
from prudent.tokenizer.byte_level import alphabet

CONTROL = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")


@pytest.fixture(scope="session")
def byte_tokenizer() -> Tokenizer:
    """Every byte is a token; the last two of three control tokens end an answer."""
    tokens = (*alphabet(), *CONTROL)
    return Tokenizer(
        TokenizerSpec(
            pre="gpt-2",
            tokens=tokens,
            token_types=(*(int(TokenType.NORMAL),) * 256, *(int(TokenType.CONTROL),) * 3),
            merge_order=None,
            bos_id=None,
            eos_id=257,
            pad_id=None,
            add_bos=False,
            stop_ids=(257, 258),
            chat_template=None,
        )
    )


@pytest.fixture(scope="session")
def compiler(byte_tokenizer: Tokenizer) -> GrammarCompiler:
    return GrammarCompiler(byte_tokenizer)


class Walker:
    """Goes through grammars by one vocabulary."""

    def __init__(self, tokenizer: Tokenizer, compiler: GrammarCompiler) -> None:
        self.tokenizer = tokenizer
        self._compiler = compiler

    def allowed(self, constraint: MatcherConstraint) -> list[int]:
        """The tokens that the mask allows."""
        size = self.tokenizer.vocab_size
        mask = np.zeros(-(-size // 32), np.int32)
        constraint.fill_mask(mask)
        bits = np.unpackbits(mask.view(np.uint8), bitorder="little")
        return [int(token) for token in np.flatnonzero(bits)]

    def accepts(self, source: GrammarSource, text: str) -> bool:
        """Whether a text is of the grammar's language."""
        constraint: Any = self._compiler.compile(source).grammar.start()
        tokens = self.tokenizer.encode(text)
        if constraint.allowed(tokens) < len(tokens):
            return False
        for token in tokens:
            constraint.accept(token)
        return constraint.complete or bool(self.tokenizer.stop_ids & set(self.allowed(constraint)))

    def accepts_json(self, schema: dict[str, Any], value: Any, *, strict: bool = True) -> bool:
        return self.accepts(JsonSchema(json.dumps(schema), strict), json.dumps(value, ensure_ascii=False))

    def walk(self, source: GrammarSource, seed: int, *, soon: int = 60, most: int = 600) -> str | None:
        """A random text of the language; None where it does not come to an end."""
        constraint: Any = self._compiler.compile(source).grammar.start()
        chance = random.Random(seed)
        out = bytearray()
        while not constraint.complete and len(out) < most:
            allowed = self.allowed(constraint)
            closing = [token for token in allowed if token in self.tokenizer.stop_ids or chr(token) in '"}]']
            if closing and (len(out) > soon or chance.random() < 0.3):
                allowed = closing
            token = chance.choice(allowed)
            if token in self.tokenizer.stop_ids:
                return out.decode()
            constraint.accept(token)
            out += self.tokenizer.token_bytes(token)
        return out.decode() if constraint.complete else None


@pytest.fixture(scope="session")
def walker(byte_tokenizer: Tokenizer, compiler: GrammarCompiler) -> Walker:
    return Walker(byte_tokenizer, compiler)
