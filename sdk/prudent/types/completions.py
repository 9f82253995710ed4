"""Text completions on the wire, as the OpenAI API has them (the older one, without roles), plus the verdicts.

A prompt is text or token ids; nothing is put around it. Every field of the request has an effect; a
parameter that prudent does not support is absent here, so that asking for it is an error that names it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from prudent.types.base import ResponseModel
from prudent.types.chat import IncompleteDetails
from prudent.types.operation import Operation
from prudent.types.safety import ContentFilterResults, PromptFilterResult, SafetyInfo
from prudent.types.sampling import SamplingRequest
from prudent.types.usage import Usage

TokenIds = Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1, fail_fast=True)]
Prompt = str | TokenIds
Prompts = Annotated[list[Prompt], Field(min_length=1, max_length=64, fail_fast=True)]
MOST_CHOICES = 64


class CompletionRequest(SamplingRequest):
    """A prompt to continue, or a list of prompts: choice i * n + j is the j-th answer to prompt i.

    `suffix` is what must come after the answer: the model fills the middle. With `echo` the prompt comes
    before the answer, and its tokens before the answer's in `logprobs`; then `max_tokens` may be 0, to score
    the prompt alone. `logprobs` (0 to 20) is how many alternatives are given beside each token taken.
    """

    prompt: Annotated[
        str | TokenIds | Prompts,
        Field(union_mode="left_to_right"),
    ]
    suffix: str | None = None
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=20)
    max_tokens: int = Field(16, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> CompletionRequest:
        if self.max_tokens == 0 and not self.echo:
            raise ValueError("max_tokens is 0, which needs echo=true")
        if self.suffix is not None and self.echo:
            raise ValueError("echo and suffix exclude each other: the answer stands between two texts")
        if self.suffix is not None and any(not isinstance(prompt, str) for prompt in self.prompts):
            raise ValueError("suffix needs a prompt that is text")
        if len(self.prompts) * self.n > MOST_CHOICES:
            raise ValueError(f"a request may ask for {MOST_CHOICES} choices: prompts times n")
        return self

    @property
    def prompts(self) -> list[Prompt]:
        """`prompt` as a list of prompts."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        prompts: list[Prompt] = []
        tokens: list[int] = []
        for item in self.prompt:
            if isinstance(item, int):
                tokens.append(item)
            else:
                prompts.append(item)
        return prompts or [tokens]

    @property
    def several(self) -> bool:
        """Whether `prompt` is a list of prompts."""
        return not isinstance(self.prompt, str) and not isinstance(self.prompt[0], int)


class CompletionLogprobs(ResponseModel):
    """Log-probabilities (nats) token by token, before temperature and penalties.

    `text_offset` is where each token begins in the choice's text. `top_logprobs` holds the alternatives by
    their text, the token taken among them. The first token of an echoed prompt has None for both. A token
    that is a part of a character is written `bytes:\\xe2\\x80`.
    """

    tokens: list[str] = []
    token_logprobs: list[float | None] = []
    top_logprobs: list[dict[str, float] | None] = []
    text_offset: list[int] = []


class CompletionChoice(ResponseModel):
    """One answer, or what is new of it in a stream; the last event has the finish reason and verdicts."""

    index: int
    text: str
    finish_reason: Literal["stop", "length", "content_filter"] | None = None
    logprobs: CompletionLogprobs | None = None
    incomplete_details: IncompleteDetails | None = None
    content_filter_results: ContentFilterResults | None = None


class Completion(ResponseModel):
    """A whole answer, and one event of a stream: the API has one type for both."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | None = None
    system_fingerprint: str | None = None
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None

    @property
    def text(self) -> str:
        """The text of the first choice, or what is new of it."""
        return "".join(choice.text for choice in self.choices if choice.index == 0)


CREATE_COMPLETION: Operation[CompletionRequest, Completion, Completion] = Operation(
    "completions.create",
    "POST",
    "/v1/completions",
    CompletionRequest,
    Completion,
    Completion,
)
