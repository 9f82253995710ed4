"""What the audit keeps of a request: lengths, verdicts and keyed fingerprints, never the text itself."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from prudent.types.content import Source
from prudent.types.safety import Action, CheckState, ContentFilterResults, PromptFilterResult, ShadowInfo
from prudent_responsible_ai.gate import OutputGate
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.policy import Policy
from prudent_responsible_ai.verdict import sternest


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class CategorySummary(_Record):
    """A verdict without its spans: how often each kind of thing was found, how severe, what was done."""

    action: Action
    severity: int
    state: CheckState
    rule: str | None = None
    labels: dict[str, int] = {}


class TextSummary(_Record):
    """One text that was checked. `fingerprint` is a keyed hash: equal texts have equal ones."""

    source: Source
    characters: int
    fingerprint: str
    categories: dict[str, CategorySummary]
    message_index: int | None = None
    part_index: int | None = None
    choice_index: int | None = None


class AuditRecord(_Record):
    """A request and what was decided. `user` is a fingerprint, `metadata` is as the caller gave it.

    `outcome` is `completed`, `cancelled`, `failed`, or the code of the error that ended the request.
    """

    kind: str = "request"
    outcome: str = "completed"
    request_id: str | None = None
    route: str | None = None
    model: str | None = None
    policy: str
    policy_hash: str
    streaming_mode: str
    action: Action
    texts: list[TextSummary] = []
    user: str | None = None
    metadata: dict[str, str] = {}
    shadow: ShadowInfo | None = None


def fingerprint(key: bytes, value: str) -> str:
    """Return a keyed hash of a value: without the key, nobody can try out what it was."""
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def text_digest(text: str) -> str:
    """Return the hash that a text's fingerprint is made of; `OutputGate.digest` is that of an answer."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def describe(
    key: bytes,
    policy: Policy,
    parts: Sequence[Part],
    results: Sequence[PromptFilterResult],
    action: Action,
    choices: Sequence[Sequence[OutputGate]],
    *,
    outcome: str = "completed",
    request_id: str | None = None,
    route: str | None = None,
    model: str | None = None,
    user: str | None = None,
    metadata: Mapping[str, str] | None = None,
    shadow: ShadowInfo | None = None,
) -> AuditRecord:
    """Return the record of a request: `parts` as they came in, the verdicts on them with the sternest
    `action` of these, and the gates of each choice.

    A choice has a gate for each of its texts: what it says, and the arguments of each of its tool calls.
    `results` are empty where the request ended before they were there.
    """
    texts = [
        TextSummary(
            source=part.source,
            characters=len(part.text),
            fingerprint=fingerprint(key, text_digest(part.text)),
            categories=summarize(result.content_filter_results),
            message_index=part.message_index,
            part_index=part.part_index,
        )
        for part, result in zip(parts if results else [], results, strict=True)
    ]
    texts += [
        TextSummary(
            source=Source.ASSISTANT,
            characters=gate.released,
            fingerprint=fingerprint(key, gate.digest),
            categories=summarize(gate.results),
            choice_index=index,
        )
        for index, gates in enumerate(choices)
        for gate in gates
    ]
    return AuditRecord(
        outcome=outcome,
        request_id=request_id,
        route=route,
        model=model,
        policy=policy.name,
        policy_hash=policy.hash,
        streaming_mode=policy.streaming,
        action=sternest([action, *(gate.action for gates in choices for gate in gates)]),
        texts=texts,
        user=None if user is None else fingerprint(key, user),
        metadata=dict(metadata or {}),
        shadow=shadow,
    )


def summarize(results: ContentFilterResults) -> dict[str, CategorySummary]:
    """Return the verdicts as the audit keeps them: without places and reasons."""
    return {
        name: CategorySummary(
            action=verdict.action,
            severity=verdict.severity_level,
            state=verdict.state,
            rule=verdict.rule,
            labels=dict(Counter(span.label for span in verdict.spans if span.label)),
        )
        for name, verdict in results.items()
    }
