"""Parts that are put to the checks for their verdicts alone, as the guard sees them. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from prudent.capabilities.interface import Models
from prudent.server.attended import Performed
from prudent.types.safety import Action, PromptFilterResult, SafetyInfo
from prudent.types.safety_check import CHECK_SAFETY, CheckedPart, SafetyCheck, SafetyCheckRequest
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.verdict import overall, sternest


class Checking(Performed[SafetyCheck]):
    """One request for verdicts. Nothing is refused: the verdict is the answer."""

    route = CHECK_SAFETY.path
    model = ""
    refuses = False

    def __init__(self, request: SafetyCheckRequest) -> None:
        self.user = request.user
        self.metadata = request.metadata
        self._parts = request.parts

    async def perform(self, models: Models) -> SafetyCheck:
        """There is no work but the checks."""
        del models
        return SafetyCheck(blocked=False, action=Action.ALLOW, parts=[])

    def outputs(self, result: SafetyCheck) -> Sequence[Part]:
        """Every part."""
        del result
        return [Part(part.text, part.source, part_index=index) for index, part in enumerate(self._parts)]

    def with_outputs(
        self, result: SafetyCheck, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> SafetyCheck:
        """The verdicts, part by part."""
        del result
        parts = [_checked(text, verdict) for text, verdict in zip(texts, verdicts, strict=True)]
        action = sternest([part.action for part in parts])
        return SafetyCheck(blocked=action is Action.BLOCK, action=action, parts=parts)

    def with_safety(
        self, result: SafetyCheck, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> SafetyCheck:
        """The verdicts with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})


def _checked(text: str, verdict: PromptFilterResult) -> CheckedPart:
    action = overall(verdict.content_filter_results)
    return CheckedPart(
        source=verdict.source,
        action=action,
        text=None if action is Action.BLOCK else text,
        content_filter_results=verdict.content_filter_results,
    )
