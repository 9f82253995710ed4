"""How an engine is set up, and what it tells of itself. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass

from prudent.errors import ConfigurationError
from prudent.runtime.session import Spinning

DEFAULT_CONTEXT = 8192


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """An engine's size and manners.

    `slots` sequences run at once, the others wait: at most `max_queue` of them, with at most
    `max_queued_tokens` prompt tokens together. `context` is the most tokens that a prompt and its answer
    have together; None means the model's own, but at most 8,192. `threads` None means every core this
    process may use. At most `prefill_chunk` tokens of a prompt are computed in one run, and while streams
    run no more than take `prefill_budget` times one of their steps (up to four times that where several
    prompts wait), or 8. Keys and values of beginnings of earlier texts take up to `prefix_cache_bytes`. With
    `prompt_lookup` a sequence that runs alone and has no seed gets ahead where it repeats what was said
    before; it says the same, but for near ties of an int8 model, which a longer run rounds otherwise.

    Raises:
        ConfigurationError: a number is out of range.
    """

    slots: int = 8
    context: int | None = None
    threads: int | None = None
    spinning: Spinning = Spinning.WHILE_RUNNING
    prefill_chunk: int = 512
    prefill_budget: float = 2.0
    prefix_cache_bytes: int = 512 * 2**20
    prompt_lookup: bool = True
    max_queue: int = 128
    max_queued_tokens: int = 131072

    def __post_init__(self) -> None:
        for name in ("slots", "context", "threads", "prefill_chunk", "max_queue", "max_queued_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigurationError(f"{name} is {value}; it must be at least 1.", param=name)
        if not self.prefill_budget > 0.0:
            raise ConfigurationError(
                f"prefill_budget is {self.prefill_budget}; it must be more than 0.", param="prefill_budget"
            )
        if self.prefix_cache_bytes < 0:
            raise ConfigurationError(
                f"prefix_cache_bytes is {self.prefix_cache_bytes}; it must be at least 0.",
                hint="0 turns the prefix cache off.",
                param="prefix_cache_bytes",
            )

    def context_for(self, model_context: int) -> int:
        """The context in tokens for a model that was trained on `model_context`.

        Raises:
            ConfigurationError: more is asked for than the model has.
        """
        if self.context is None:
            return min(model_context, DEFAULT_CONTEXT)
        if self.context > model_context:
            raise ConfigurationError(
                f"context is {self.context}; this model has {model_context}.",
                hint="Lower it.",
                param="context",
            )
        return self.context


@dataclass(frozen=True, slots=True)
class EngineStats:
    """A snapshot. Counts are since the engine opened; times are in seconds.

    `prompt_tokens` were computed and `cached_tokens` found in the prefix cache, which holds `prefix_bytes`.
    Of `drafted_tokens` that prompt lookup guessed, `accepted_tokens` came true; `forced_tokens` followed from
    a grammar. `decode_seconds` were spent inside ONNX Runtime on decode steps, `decode_overhead_seconds` in
    Python around them: building inputs, sampling, text and listeners.
    """

    slots: int
    running: int
    queued: int
    queued_tokens: int
    prefill_steps: int
    decode_steps: int
    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    drafted_tokens: int
    accepted_tokens: int
    forced_tokens: int
    prefix_bytes: int
    prefill_seconds: float
    decode_seconds: float
    decode_overhead_seconds: float
