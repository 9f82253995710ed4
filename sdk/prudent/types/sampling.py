"""What every request for generated text may say: which model, how tokens are chosen, when it ends, who asks.

Knows no prompt and no answer.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prudent.types.base import RequestModel


class StreamOptions(RequestModel):
    """Options of a stream; with `include_usage` a last chunk without choices carries the token counts."""

    include_usage: bool = False


class SamplingRequest(RequestModel):
    """Ranges are those of the OpenAI API; `min_p`, `top_k` and `repetition_penalty` are ours.

    Where `temperature`, `top_p`, `top_k` or `repetition_penalty` is None, what the model's makers advise is
    taken, or else the OpenAI API's default; at a temperature of 0 nothing is added to what was asked for. A
    `top_k` of 0 leaves every token in.

    `model` None means the server's default model. `user` is an opaque tenant or end-user id: it reaches the
    audit as a keyed fingerprint only. `metadata` is kept in the audit record. `priority` and `deadline`
    (seconds, ours) decide who goes first under load and when an answer is of no more use. Prompts share
    cached keys and values only with requests of the same API key, `user` and `prompt_cache_key`.
    """

    model: str | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0.0, le=2.0)
    top_p: float | None = Field(None, gt=0.0, le=1.0)
    top_k: int | None = Field(None, ge=0)
    min_p: float = Field(0.0, ge=0.0, le=1.0)
    frequency_penalty: float = Field(0.0, ge=-2.0, le=2.0)
    presence_penalty: float = Field(0.0, ge=-2.0, le=2.0)
    repetition_penalty: float | None = Field(None, ge=0.01, le=2.0)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stop: str | Annotated[list[str], Field(fail_fast=True)] | None = None
    n: int = Field(1, ge=1, le=16)
    logit_bias: dict[str, float] | None = None
    priority: Literal["interactive", "batch", "background"] = "interactive"
    deadline: float | None = Field(None, gt=0.0, le=86400.0, allow_inf_nan=False)
    prompt_cache_key: str | None = Field(None, max_length=256)
    user: str | None = Field(None, max_length=256)
    metadata: dict[str, str] | None = Field(None, max_length=16)

    @model_validator(mode="after")
    def _within_openais_limits(self) -> Self:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream=true")
        stops = self.stop_strings
        if len(stops) > 4 or any(not stop for stop in stops):
            raise ValueError("stop takes 1 to 4 strings, none of them empty")
        for token, bias in (self.logit_bias or {}).items():
            if not token.isascii() or not token.isdigit() or not -100.0 <= bias <= 100.0:
                raise ValueError("logit_bias maps token ids (digits) to values between -100 and 100")
        return self

    @property
    def stop_strings(self) -> list[str]:
        """`stop` as a list."""
        if self.stop is None:
            return []
        return [self.stop] if isinstance(self.stop, str) else self.stop

    @property
    def wants_usage(self) -> bool:
        """Whether the caller is to see the usage: asked for in a stream, always in a whole answer."""
        return not self.stream or (self.stream_options is not None and self.stream_options.include_usage)
