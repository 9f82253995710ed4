"""Token counts and times of a request, as the OpenAI API has them; the times are ours."""

from __future__ import annotations

from prudent.types.base import ResponseModel


class PromptTokensDetails(ResponseModel):
    """Of the prompt's tokens, how many were found in the cache and not computed anew."""

    cached_tokens: int = 0


class Usage(ResponseModel):
    """Token counts of a whole request (all choices), and how long it took.

    Times are in seconds and of the slowest choice: `queue_time` until it had a slot, `prompt_time` from
    there to its first token, `completion_time` from the first token to the last. `check_time` is what the
    checks took of input and output together.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails = PromptTokensDetails()
    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None
    check_time: float | None = None
