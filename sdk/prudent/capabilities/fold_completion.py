"""Events of a text completion to the whole of it. Knows no model and no server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from prudent.errors import InternalError
from prudent.types.completions import Completion, CompletionChoice, CompletionLogprobs
from prudent.types.safety import PromptFilterResult


async def fold_completion(events: AsyncIterator[Completion]) -> Completion:
    """Put a stream together.

    Raises:
        InternalError: the stream had no event, or ended before every choice had a finish reason.
    """
    first: Completion | None = None
    last: Completion | None = None
    choices: dict[int, _Choice] = {}
    prompt_results: list[PromptFilterResult] = []
    usage = safety = None
    async for event in events:
        first, last = first or event, event
        usage, safety = event.usage or usage, event.safety or safety
        prompt_results += event.prompt_filter_results or []
        for choice in event.choices:
            choices.setdefault(choice.index, _Choice()).add(choice)
    if first is None or last is None:
        raise InternalError("The model answered nothing.")
    return first.model_copy(
        update={
            "choices": [choice.whole(index) for index, choice in sorted(choices.items())],
            "usage": usage,
            "safety": safety,
            "prompt_filter_results": prompt_results,
        }
    )


@dataclass
class _Choice:
    text: list[str] = field(default_factory=list[str])
    logprobs: CompletionLogprobs | None = None
    last: CompletionChoice | None = None

    def add(self, choice: CompletionChoice) -> None:
        self.text.append(choice.text)
        if choice.logprobs is not None:
            self.logprobs = _joined(self.logprobs or CompletionLogprobs(), choice.logprobs)
        if choice.finish_reason is not None:
            self.last = choice

    def whole(self, index: int) -> CompletionChoice:
        if self.last is None:
            raise InternalError("The answer ended without saying why.")
        return self.last.model_copy(
            update={"index": index, "text": "".join(self.text), "logprobs": self.logprobs}
        )


def _joined(one: CompletionLogprobs, other: CompletionLogprobs) -> CompletionLogprobs:
    return CompletionLogprobs(
        tokens=one.tokens + other.tokens,
        token_logprobs=one.token_logprobs + other.token_logprobs,
        top_logprobs=one.top_logprobs + other.top_logprobs,
        text_offset=one.text_offset + other.text_offset,
    )
