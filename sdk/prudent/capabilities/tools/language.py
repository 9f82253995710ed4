"""A model's tokens as tool calling needs them.

Knows the tokenizer; no template and no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prudent.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Language:
    """Text to tokens and back, and the tokens that end an answer."""

    encode: Callable[[str], list[int]]
    decode: Callable[[Iterable[int]], str]
    token_text: Callable[[int], str]
    stops: frozenset[int]

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Language:
        """The language of a model."""
        return cls(
            encode=tokenizer.encode,
            decode=tokenizer.decode,
            token_text=lambda token: tokenizer.token_bytes(token).decode("utf-8", "replace"),
            stops=tokenizer.stop_ids,
        )
