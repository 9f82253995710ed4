"""The wire shape of a verdict: Azure's field names, and what they leave out (reasons, calibration, cost)."""

from __future__ import annotations

from enum import StrEnum

from prudent.types.base import ResponseModel
from prudent.types.content import Source


class Action(StrEnum):
    """What a policy does with a finding, mildest first."""

    ALLOW = "allow"
    ANNOTATE = "annotate"
    REDACT = "redact"
    REWRITE = "rewrite"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Order of severity: of several actions on one text, the highest rank is taken."""
        return _RANKS[self]


_RANKS = {action: rank for rank, action in enumerate(Action)}


class CheckState(StrEnum):
    """How far a check got. `unverified` says that the text is outside what the check was measured on."""

    CHECKED = "checked"
    UNVERIFIED = "unverified"
    SKIPPED = "skipped"
    ERROR = "error"


class SeverityName(StrEnum):
    """Azure's four words for severities 0-1, 2-3, 4-5 and 6-7."""

    SAFE = "safe"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_SEVERITY_NAMES = tuple(SeverityName)


def severity_name(severity: int) -> SeverityName:
    """Return the word for a severity between 0 and 7."""
    return _SEVERITY_NAMES[min(max(severity, 0), 7) // 2]


class VerdictSpan(ResponseModel):
    """The characters that caused a finding: [start, end) in the checked text, and their weight (0-1).

    `label` says what was found there (for example `email`), never the value. Without all `decisive` spans the
    text would have passed: the verdict's `counterfactual` says with which score.
    """

    start: int
    end: int
    weight: float = 1.0
    label: str | None = None
    decisive: bool = False


class AnswerPair(ResponseModel):
    """One request answered about two people: what was swapped, both answers, and in what they differ.

    The answers are as the policy lets them out, and cut where they are long; a call of a tool stands as
    `name(arguments)`. None stands for one that it does not let out.
    """

    attribute: str
    group: str
    other_group: str
    decision: str
    answer: str | None = None
    other_answer: str | None = None
    differences: list[str] = []


class CategoryVerdict(ResponseModel):
    """What one check found in one category of one part. `filtered` and `detected` are as Azure has them.

    `pair` is there where the finding is that two answers differ.
    """

    filtered: bool
    detected: bool
    severity: SeverityName = SeverityName.SAFE
    severity_level: int = 0
    score: float | None = None
    threshold: float | None = None
    action: Action = Action.ALLOW
    rule: str | None = None
    spans: list[VerdictSpan] = []
    reason: str | None = None
    counterfactual: str | None = None
    fidelity: float | None = None
    pair: AnswerPair | None = None
    state: CheckState = CheckState.CHECKED
    milliseconds: float = 0.0
    model_hash: str | None = None


ContentFilterResults = dict[str, CategoryVerdict]
"""Category name to verdict; the shape of Azure's `content_filter_results`."""


class PromptFilterResult(ResponseModel):
    """The verdicts on one part of the prompt; `prompt_index` is the index of its message."""

    prompt_index: int
    part_index: int = 0
    source: Source
    content_filter_results: ContentFilterResults


class ShadowDifference(ResponseModel):
    """A category on which the shadow policy would have acted differently on a text of this source."""

    source: Source
    category: str
    live: Action
    shadow: Action


class ShadowInfo(ResponseModel):
    """What a policy that is not in force would have done with this request, and where that differs."""

    policy: str
    policy_hash: str
    action: Action
    differences: list[ShadowDifference] = []


class SafetyInfo(ResponseModel):
    """What stood guard over this response: policy, its hash, mode, and the audit record to look up.

    `shadow` is there where the policy names one.
    """

    policy: str
    policy_hash: str
    action: Action
    streaming_mode: str
    audit_id: str | None = None
    milliseconds: float = 0.0
    shadow: ShadowInfo | None = None
