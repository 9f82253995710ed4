"""The error of a request that a check refused. Knows verdicts and no request."""

from __future__ import annotations

from collections.abc import Callable

from prudent.errors import ContentFilterError
from prudent.types.safety import Action, PromptFilterResult
from prudent_responsible_ai.pipeline import InputReview
from prudent_responsible_ai.verdict import merged


def refusal(
    review: InputReview,
    what: str,
    param_of: Callable[[PromptFilterResult], str | None] | None = None,
) -> ContentFilterError:
    """Azure's refusal: the verdicts of every category, the sternest part's where several have it.

    `what` was refused; `param_of` names the field that a verdict is about.
    """
    verdicts = merged(result.content_filter_results for result in review.results)
    blocking = next(
        result
        for result in review.results
        if any(verdict.action is Action.BLOCK for verdict in result.content_filter_results.values())
    )
    reason = f" ({review.reason})" if review.reason else ""
    return ContentFilterError(
        f"A check refused {what}{reason}.",
        hint="Change the input, or the policy of the server.",
        param=None if param_of is None else param_of(blocking),
        details={
            "content_filter_result": {
                name: verdict.model_dump(mode="json", exclude_none=True) for name, verdict in verdicts.items()
            }
        },
    )
