"""Why a model answered as it did, on the wire: what of the prompt carries the answer, and how sure it was.

It is measured with the model itself. It says what moves the answer, never that the answer is true.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.content import Source

DEFAULT_BUDGET = 10.0
LONGEST_BUDGET = 120.0
MOST_SPANS = 32


class ExplainOptions(RequestModel):
    """What is to be explained of an answer.

    `attribution` scores the answer again without each piece of the prompt, for at most `budget` seconds and
    `spans` pieces. `confidence` finds the stretches of the answer of which the model was least sure.
    """

    attribution: bool = False
    confidence: bool = False
    budget: float = Field(DEFAULT_BUDGET, gt=0.0, le=LONGEST_BUDGET, allow_inf_nan=False)
    spans: int = Field(8, ge=1, le=MOST_SPANS)

    @model_validator(mode="after")
    def _something(self) -> ExplainOptions:
        if not self.attribution and not self.confidence:
            raise ValueError("ask for attribution, confidence or both")
        return self


class AttributedSpan(ResponseModel):
    """A piece of the prompt: characters [start, end) of a part of a message, as the model read it.

    `drop` is how much less probable the answer is without it, in nats over all of its tokens: negative where
    it becomes more probable. None where the budget ended before it was scored. `weight` is the drop relative
    to the largest (0-1).
    """

    message: int
    part: int
    source: Source
    start: int
    end: int
    drop: float | None = None
    weight: float | None = None


class Attribution(ResponseModel):
    """The answer's log-probability (nats) under the whole prompt, and what each piece adds to it.

    `tokens` were computed to find out, `cached_tokens` were not, because they were known. `complete` says
    that every piece was scored within `budget` seconds.
    """

    log_probability: float
    answer_tokens: int
    spans: list[AttributedSpan]
    complete: bool
    seconds: float
    budget: float
    tokens: int
    cached_tokens: int


class UnsureSpan(ResponseModel):
    """Characters [start, end) of the answer with the least probable of their tokens' probabilities (0-1)."""

    start: int
    end: int
    probability: float


class Confidence(ResponseModel):
    """How sure the model was, by its own probabilities: not whether it is right.

    `perplexity` is of the answer. Entropies are in nats, of the alternatives that were seen (a lower bound),
    as mean and maximum over the tokens. `length` is the number of tokens, which alone tells much of the same.
    """

    spans: list[UnsureSpan]
    perplexity: float
    mean_entropy: float
    max_entropy: float
    length: int


class AnswerExplanation(ResponseModel):
    """What was asked for; the rest is None."""

    attribution: Attribution | None = None
    confidence: Confidence | None = None
