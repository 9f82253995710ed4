"""A model's tokens as tool calling needs them: encode a text, know where a call opens and ends.

Knows the tokenizer; no template and no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prudent.capabilities.tools.cards import CALL_CLOSING, CALL_OPENING
from prudent.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Language:
    """`opening` and `closing` are the tokens around a call: the model's own control tokens where it has them."""

    encode: Callable[[str], list[int]]
    decode: Callable[[Iterable[int]], str]
    token_text: Callable[[int], str]
    opening: tuple[int, ...]
    closing: tuple[int, ...]
    stops: frozenset[int]

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Language:
        """The language of a model."""
        special = tokenizer.spec.special_tokens

        def mark(text: str) -> tuple[int, ...]:
            return (special[text],) if text in special else tuple(tokenizer.encode(text))

        return cls(
            encode=tokenizer.encode,
            decode=tokenizer.decode,
            token_text=lambda token: tokenizer.token_bytes(token).decode("utf-8", "replace"),
            opening=mark(CALL_OPENING),
            closing=mark(CALL_CLOSING),
            stops=tokenizer.stop_ids,
        )
