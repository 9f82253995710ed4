"""The engine's log-probabilities in OpenAI's shape: each token with its text and its bytes."""

from __future__ import annotations

from collections.abc import Sequence

from prudent.generation.request import TokenLogprob as EngineLogprob
from prudent.tokenizer import Tokenizer
from prudent.types.chat import ChoiceLogprobs, TokenLogprob, TopLogprob


def wire_logprobs(logprobs: Sequence[EngineLogprob], tokenizer: Tokenizer) -> ChoiceLogprobs:
    """Write log-probabilities (nats). A token that is a part of a character has U+FFFD for its text."""
    return ChoiceLogprobs(content=[_taken(entry, tokenizer) for entry in logprobs])


def _taken(entry: EngineLogprob, tokenizer: Tokenizer) -> TokenLogprob:
    raw = tokenizer.token_bytes(entry.token)
    return TokenLogprob(
        token=raw.decode("utf-8", "replace"),
        logprob=entry.logprob,
        bytes=list(raw),
        top_logprobs=[_alternative(token, logprob, tokenizer) for token, logprob in entry.top],
    )


def _alternative(token: int, logprob: float, tokenizer: Tokenizer) -> TopLogprob:
    raw = tokenizer.token_bytes(token)
    return TopLogprob(token=raw.decode("utf-8", "replace"), logprob=logprob, bytes=list(raw))
