"""A loaded decoder: what conversations and plain text have in common. Joins tokenizer and engine.

Knows no template, no check and no HTTP.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

from prudent.capabilities.sampling import sampling_of
from prudent.catalog.entry import Advice
from prudent.errors import ContextLengthError, InvalidRequestError
from prudent.generation.constraint import Grammar
from prudent.generation.engine import Engine
from prudent.generation.grammar import GrammarCompiler
from prudent.generation.request import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Priority,
)
from prudent.runtime.artifact import DecoderArtifact
from prudent.tokenizer import RenderedPrompt, Tokenizer
from prudent.types.chat import IncompleteDetails
from prudent.types.sampling import SamplingRequest
from prudent.types.tokenize import Detokenized, DetokenizeRequest, Tokenized, TokenizeRequest


class DecoderModel:
    """A model with its engine, which it owns."""

    def __init__(
        self, artifact: DecoderArtifact, tokenizer: Tokenizer, engine: Engine, advice: Advice | None = None
    ) -> None:
        """`advice` is how to sample where a request does not say."""
        self.id = artifact.card.id
        self.card = artifact.card
        self.context = engine.context
        self.tokenizer = tokenizer
        self.engine = engine
        self._advice = advice or Advice()
        self.grammars = GrammarCompiler(tokenizer)
        self.fingerprint = _fingerprint(artifact)
        """Changes with weights, precision and compiler, which is when a seed stops reproducing."""

    def requests(
        self,
        request: SamplingRequest,
        prompts: Sequence[tuple[int, ...]],
        *,
        max_tokens: int | None,
        top_logprobs: int | None,
        prompt_logprobs: int | None = None,
        grammar: Grammar | None = None,
    ) -> list[GenerationRequest]:
        """What the engine is asked: `n` sequences for each prompt. Choice i has seed + i.

        Raises:
            InvalidRequestError: the logit_bias does not suit this model.
        """
        sampling = replace(
            sampling_of(request, self._advice, form=grammar is not None),
            logit_bias=self._logit_bias(request),
            top_logprobs=top_logprobs,
        )
        return [
            GenerationRequest(
                prompt=prompts[choice // request.n],
                sampling=replace(
                    sampling, seed=None if request.seed is None else _seed(request.seed, choice)
                ),
                max_tokens=max_tokens,
                stop_tokens=self.tokenizer.stop_ids,
                stop_strings=tuple(request.stop_strings),
                grammar=grammar,
                priority=Priority[request.priority.upper()],
                deadline=request.deadline,
                isolation=_isolation(request),
                prompt_logprobs=prompt_logprobs,
            )
            for choice in range(len(prompts) * request.n)
        ]

    def head(self, kind: str) -> dict[str, Any]:
        """What every event of a new answer says; `kind` begins its id: `chatcmpl` or `cmpl`."""
        return {
            "id": f"{kind}-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": self.id,
            "system_fingerprint": self.fingerprint,
        }

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids without control tokens. Raises InvalidRequestError for one unknown."""
        return self.tokenizer.decode(tokens)

    def tokenize_text(self, request: TokenizeRequest) -> Tokenized:
        """The tokens of the request's `prompt`."""
        text = request.prompt or ""
        if request.add_special_tokens:
            return self.tokenized(self.tokenizer.encode_prompt(RenderedPrompt((text,))), request)
        return self.tokenized(self.tokenizer.encode(text), request)

    def tokenized(self, tokens: Sequence[int], request: TokenizeRequest) -> Tokenized:
        """The answer to a request whose tokens these are."""
        texts = [self.tokenizer.token_bytes(token).decode("utf-8", "replace") for token in tokens]
        return Tokenized(
            count=len(tokens),
            max_model_len=self.context,
            tokens=list(tokens),
            token_strs=texts if request.return_token_strs else None,
        )

    def detokenize(self, request: DetokenizeRequest) -> Detokenized:
        """The text of token ids, control tokens by name. Raises InvalidRequestError for an unknown id."""
        raw = b"".join(map(self.tokenizer.token_bytes, request.tokens))
        return Detokenized(prompt=raw.decode("utf-8", "replace"))

    def close(self) -> None:
        """Stop the engine and free the weights. Answers in progress end with ServiceUnavailableError."""
        self.engine.close()

    def _logit_bias(self, request: SamplingRequest) -> dict[int, float]:
        limit = self.tokenizer.vocab_size
        bias: dict[int, float] = {}
        for token, value in (request.logit_bias or {}).items():
            # A token id of more digits than the vocabulary's size is out of it, whatever it is.
            if len(token) > len(str(limit)) or int(token) >= limit:
                raise InvalidRequestError(
                    f"logit_bias names token {token[:20]}; {self.id} has tokens 0 to {limit - 1}.",
                    param="logit_bias",
                )
            bias[int(token)] = value
        return bias


def finish_of(event: GenerationEvent) -> Literal["stop", "length"] | None:
    """Why a sequence ended, as the wire has it; None where it has not."""
    if event.finish is None:
        return None
    return "length" if event.finish is FinishReason.LENGTH else "stop"


def incomplete_of(event: GenerationEvent) -> IncompleteDetails | None:
    """What cut a sequence short."""
    return None if event.limit is None else IncompleteDetails(reason=event.limit.value)


@contextmanager
def prompt_named(param: str) -> Generator[None]:
    """Have errors name the field that the API has where the engine says `prompt`."""
    try:
        yield
    except ContextLengthError as error:
        if error.param == "prompt":
            error.param = param
        raise


def _seed(seed: int, choice: int) -> int:
    """The seed of a choice, kept in 64 bits."""
    return (seed + choice + 2**63) % 2**64 - 2**63


def _isolation(request: SamplingRequest) -> str:
    """Who may share cached keys and values with this request: the same user with the same cache key."""
    return json.dumps([request.user, request.prompt_cache_key])


def _fingerprint(artifact: DecoderArtifact) -> str:
    card = artifact.card
    parts = (*(source.sha256 for source in card.sources), card.target, card.compiler_version)
    return f"fp_{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"
