"""Puts what goes into tools and comes out of them to the checks. Knows the client and no plan.

Prompts and answers are checked by the server that the model stands behind; here it is the values that a
model never sees, or sees later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from prudent.client import AsyncClient
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent.types.safety_check import MOST_PARTS, SafetyCheck
from prudent_agents.errors import RefusedByPolicyError
from prudent_agents.events import Checked
from prudent_agents.grounding.facts import verbatim
from prudent_agents.values import JSON

_SHORTEST = 12
"""Characters; a shorter text is a name or a word, and holds neither an order nor a credential."""

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*_\d+\]")


class Guard:
    """The checks of one agent. Without a client nothing is checked, and nothing is said to be."""

    def __init__(self, client: AsyncClient | None) -> None:
        self._client = client

    async def result(self, step: str, tool: str, data: JSON, source: Source) -> tuple[JSON, Checked | None]:
        """What may go on of a tool's result, and what was found.

        Raises:
            RefusedByPolicyError: the policy stops it.
        """
        return await self._checked(data, source, step, "result", f"what {tool} returned")

    async def arguments(
        self, step: str, tool: str, arguments: Mapping[str, JSON], known: Callable[[], Sequence[str]] = tuple
    ) -> Checked | None:
        """What was found in arguments; they are never changed, only let through or stopped.

        Personal data that stand in one of the texts that `known` gives were not made up, and go through:
        where they may go is for the rules on tools and labels to say.

        Raises:
            RefusedByPolicyError: the policy stops the call.
        """
        before = dict(arguments)
        after, found = await self._checked(before, Source.ASSISTANT, step, "argument", f"the call of {tool}")
        if after == before:
            return found
        if found is None or not _only_personal(found) or not _known(before, after, known()):
            raise RefusedByPolicyError(
                f"The policy takes something out of the arguments of {tool}, so it is not called.",
                hint="`prudent policy explain` says which rule; the event before names what was found.",
                details={"rule": "; ".join(found.findings) if found else "policy"},
            )
        reasons = [*found.reasons, "it is known from the request or from an earlier step"]
        return found.model_copy(update={"action": Action.ANNOTATE.value, "reasons": reasons})

    async def _checked(
        self, data: JSON, source: Source, step: str, what: Any, name: str
    ) -> tuple[JSON, Checked | None]:
        texts = [text for text in texts_in(data) if len(text) >= _SHORTEST]
        if self._client is None or not texts:
            return data, None
        verdicts: list[SafetyCheck] = []
        for begin in range(0, len(texts), MOST_PARTS):
            parts = [{"text": text, "source": source} for text in texts[begin : begin + MOST_PARTS]]
            verdicts.append(await self._client.safety.check(parts))
        found = _found(verdicts, step, what)
        if any(verdict.blocked for verdict in verdicts):
            rule = "; ".join(found.findings) if found else "policy"
            raise RefusedByPolicyError(f"The policy stops {name}: {rule}.", details={"rule": rule})
        passed = iter([part.text for verdict in verdicts for part in verdict.parts])
        return _replaced(data, lambda text: (next(passed) or "") if len(text) >= _SHORTEST else text), found


def _found(verdicts: list[SafetyCheck], step: str, what: Any) -> Checked | None:
    """What there is to say of it; None where nothing was found that the policy acts on."""
    findings: dict[str, str] = {}
    for verdict in verdicts:
        for part in verdict.parts:
            for name, one in part.content_filter_results.items():
                if one.detected and one.action is not Action.ALLOW:
                    findings[f"{name}: {one.severity}, {one.action}"] = one.reason or ""
    if not findings:
        return None
    actions = [verdict.action for verdict in verdicts]
    audit = next((one.safety.audit_id for one in verdicts if one.safety is not None), None)
    return Checked(
        step=step,
        what=what,
        action=max(actions, key=list(Action).index).value,
        findings=list(findings),
        reasons=[reason for reason in findings.values() if reason],
        audit_id=audit,
    )


def _only_personal(found: Checked) -> bool:
    """Whether nothing but personal data was taken out."""
    kept = f", {Action.ANNOTATE}"
    return all(one.startswith("pii:") or one.endswith(kept) for one in found.findings)


def _known(before: JSON, after: JSON, known: Sequence[str]) -> bool:
    """Whether every value that has a placeholder in its place stands in a known text."""
    pairs = zip(texts_in(before), texts_in(after), strict=True)
    taken = [value for text, left in pairs for value in _taken(text, left)]
    return all(any(verbatim(value, one) for one in known) for value in taken)


def _taken(text: str, left: str) -> Iterator[str]:
    """What stood where placeholders are now; the whole text where that cannot be told."""
    first, *pieces = _PLACEHOLDER.split(left)
    at = len(first)
    if not text.startswith(first) or not text.endswith(pieces[-1] if pieces else first):
        yield text
        return
    for piece in pieces[:-1]:
        end = text.find(piece, at + 1)
        if end < 0:
            yield text
            return
        yield text[at:end]
        at = end + len(piece)
    if pieces:
        yield text[at : len(text) - len(pieces[-1])]


def texts_in(data: JSON) -> Iterator[str]:
    """Every text in a value, in the order in which `_replaced` meets them."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for one in cast("Mapping[str, Any]", data).values():
            yield from texts_in(one)
    elif isinstance(data, list):
        for one in cast("list[Any]", data):
            yield from texts_in(one)


def _replaced(data: JSON, new: Callable[[str], str]) -> JSON:
    if isinstance(data, str):
        return new(data)
    if isinstance(data, Mapping):
        return {key: _replaced(one, new) for key, one in cast("Mapping[str, Any]", data).items()}
    if isinstance(data, list):
        return [_replaced(one, new) for one in cast("list[Any]", data)]
    return data
