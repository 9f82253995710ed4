"""The errors of requests that a check refused, or holds for a person. Knows verdicts and no request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prudent.errors import ApprovalRequiredError, ContentFilterError
from prudent.types.safety import Action, PromptFilterResult
from prudent_responsible_ai.approvals import Approvals, ApprovalState
from prudent_responsible_ai.parts import Part
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
        details=_details(review),
    )


def require_approval(
    approvals: Approvals, parts: Sequence[Part], review: InputReview, policy_hash: str
) -> None:
    """Return where the review holds nothing, or a person approved just this request; that is used up then.

    Raises:
        ApprovalRequiredError: it waits for a person, or was denied.
        StorageError: the approvals cannot be read or written.
    """
    if review.action is not Action.HOLD:
        return
    about = _hold_reason(review) or "held by the policy"
    asked = approvals.ask([(part.source, part.text) for part in parts], policy_hash, about)
    if asked.state is ApprovalState.USED:
        return
    if asked.state is ApprovalState.DENIED:
        raise ApprovalRequiredError(
            f"A person refused this request ({about}).",
            hint="Change the request.",
            details={"approval": asked.digest, "state": asked.state, **_details(review)},
        )
    raise ApprovalRequiredError(
        f"A check holds this request for a person ({about}).",
        hint=f"Approve it with `prudent approvals approve {asked.digest[:12]}`, then send it again.",
        details={"approval": asked.digest, "state": asked.state, **_details(review)},
    )


def _hold_reason(review: InputReview) -> str | None:
    """Which category holds the request and why; it quotes nothing of it."""
    for result in review.results:
        for name, verdict in result.content_filter_results.items():
            if verdict.action is Action.HOLD:
                return f"{name}: {verdict.reason}" if verdict.reason else name
    return None


def _details(review: InputReview) -> dict[str, Any]:
    verdicts = merged(result.content_filter_results for result in review.results)
    return {
        "content_filter_result": {
            name: verdict.model_dump(mode="json", exclude_none=True) for name, verdict in verdicts.items()
        }
    }
