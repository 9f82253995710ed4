"""What one sequence asks of the engine, and what it gets back. Knows no tensors and no scheduling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from prudent.generation.constraint import Grammar


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next token is chosen.

    `temperature` 0 is greedy and exact: the most likely token after penalties and bias. Order of the
    steps: logit_bias, repetition, frequency and presence penalties, temperature, top_k, top_p, min_p.
    `top_logprobs` None means that no log-probabilities are wanted; 0 means those of the taken token only.
    They are of the model's own distribution, before any of the steps.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    logit_bias: Mapping[int, float] = field(default_factory=dict[int, float])
    top_logprobs: int | None = None


class FinishReason(StrEnum):
    """Why a sequence ended. `cancelled` and `error` never reach the wire as a finish reason."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    ERROR = "error"


class Limit(StrEnum):
    """What cut a sequence short where it finished by length.

    `REPETITION`: nobody had set `max_tokens`, and it went round in a circle.
    """

    MAX_TOKENS = "max_tokens"
    CONTEXT = "context"
    DEADLINE = "deadline"
    REPETITION = "repetition"


class Priority(IntEnum):
    """Who goes first where several wait; a lower class is promoted as it waits, so none waits for ever."""

    INTERACTIVE = 0
    BATCH = 1
    BACKGROUND = 2


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One sequence to continue.

    `max_tokens` counts new tokens; None means up to the context. `stop_tokens` end the sequence and are
    not part of the answer; `stop_strings` likewise, found across token boundaries.

    With a `grammar` the answer is a text of its language, or a beginning of one where a limit cuts it short.
    `prompt_logprobs` asks for log-probabilities of the prompt's own tokens with so many alternatives; only
    then `max_tokens` may be 0. They begin with the token at `scores_from`; those before may be cached.
    `deadline` is in seconds from submission: a sequence that has no token by then fails with
    DeadlineExceededError, one that has ends there. Keys and values of a prompt are shared only between
    requests of the same `isolation` key.
    """

    prompt: tuple[int, ...]
    sampling: SamplingParams = SamplingParams()
    max_tokens: int | None = None
    stop_tokens: frozenset[int] = frozenset()
    stop_strings: tuple[str, ...] = ()
    grammar: Grammar | None = None
    priority: Priority = Priority.INTERACTIVE
    deadline: float | None = None
    isolation: str = ""
    prompt_logprobs: int | None = None
    scores_from: int = 1


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token's log-probability (nats) with the alternatives asked for, most likely first."""

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationEvent:
    """News of a sequence: released text, the tokens behind it, and at the end why it ended.

    `text` is valid UTF-8 text at every event and never holds a part of a stop string. `finish` is set on
    the last event only; `limit` says what cut the sequence short where `finish` is `length`, `error` why
    where it is `error`. `cached_tokens` of the prompt were not computed anew. `prompt_logprobs` come once,
    before the first text, one entry a token of the prompt; the first token has none. Times are in seconds.
    """

    text: str = ""
    tokens: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    prompt_logprobs: tuple[TokenLogprob | None, ...] = ()
    finish: FinishReason | None = None
    limit: Limit | None = None
    error: BaseException | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    queue_seconds: float = 0.0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0
