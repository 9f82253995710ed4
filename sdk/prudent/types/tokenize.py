"""Text to tokens and back on the wire, as vLLM's servers have it: OpenAI's API has no such call."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.chat import ChatMessage
from prudent.types.operation import Operation
from prudent.types.tools import Tool


class TokenizeRequest(RequestModel):
    """A text, or messages (with tools), as the model would read them.

    `add_special_tokens` puts the beginning-of-text token before a `prompt` where the model wants one;
    `add_generation_prompt` ends messages with the opening of the answer. With `return_token_strs` the text
    of each token is given too.
    """

    model: str | None = None
    prompt: str | None = None
    messages: Annotated[list[ChatMessage], Field(min_length=1, fail_fast=True)] | None = None
    tools: Annotated[list[Tool], Field(max_length=128, fail_fast=True)] | None = None
    add_special_tokens: bool = True
    add_generation_prompt: bool = True
    return_token_strs: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> TokenizeRequest:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give prompt or messages, one of the two")
        if self.tools is not None and self.messages is None:
            raise ValueError("tools need messages")
        return self


class Tokenized(ResponseModel):
    """How many tokens, how many a prompt and its answer may have together, and which they are."""

    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None = None


class DetokenizeRequest(RequestModel):
    """Token ids of a model."""

    model: str | None = None
    tokens: list[Annotated[int, Field(ge=0, lt=2**31)]] = Field(max_length=2**20, fail_fast=True)


class Detokenized(ResponseModel):
    """The text. Bytes that are not UTF-8 come out as U+FFFD."""

    prompt: str


TOKENIZE: Operation[TokenizeRequest, Tokenized, None] = Operation(
    "tokens.encode", "POST", "/v1/tokenize", TokenizeRequest, Tokenized
)
DETOKENIZE: Operation[DetokenizeRequest, Detokenized, None] = Operation(
    "tokens.decode", "POST", "/v1/detokenize", DetokenizeRequest, Detokenized
)
