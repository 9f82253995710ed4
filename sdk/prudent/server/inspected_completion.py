"""A text completion as the checks see it: every prompt is the user's word. Knows no check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prudent.capabilities.interface import CompletionStream, Models, TextService
from prudent.errors import InternalError
from prudent.server.answer import News
from prudent.server.held_logprobs import Placed
from prudent.types.completions import (
    CREATE_COMPLETION,
    Completion,
    CompletionChoice,
    CompletionLogprobs,
    CompletionRequest,
    Prompt,
)
from prudent.types.content import Source
from prudent.types.safety import PromptFilterResult
from prudent_responsible_ai.parts import Part

_SUFFIX_PART = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """The log-probability of one token, as the four lists of the wire have it at one place."""

    token: str
    logprob: float | None
    top: dict[str, float] | None
    offset: int


class InspectedCompletion:
    """A completion request. An `Inspected`.

    Prompts of token ids are read as the text that they spell. Where a check changes that text, the model gets
    the changed text; else it gets the ids as they came.
    """

    route = CREATE_COMPLETION.path

    def __init__(self, request: CompletionRequest) -> None:
        self.request = request
        self.choices = len(request.prompts) * request.n
        self.needs_model = any(not isinstance(prompt, str) for prompt in request.prompts)
        self._texts: list[str] = []
        self._echoed: set[int] = set()

    @property
    def opening(self) -> Mapping[str, Any]:
        """Nothing: a prompt is text."""
        return {}

    async def prepare(self, models: Models) -> None:
        """Nothing to put into words."""
        del models

    def parts(self, model: TextService | None) -> list[Part]:
        """Every prompt, and the suffix."""
        self._texts = [self._text(prompt, model) for prompt in self.request.prompts]
        parts = [Part(text, Source.USER, index) for index, text in enumerate(self._texts)]
        if self.request.suffix is not None:
            parts.append(Part(self.request.suffix, Source.USER, 0, _SUFFIX_PART))
        return parts

    def _text(self, prompt: Prompt, model: TextService | None) -> str:
        if isinstance(prompt, str):
            return prompt
        if model is None:
            raise InternalError("Token ids cannot be checked without the model's vocabulary.")
        return model.decode(prompt)

    def with_texts(self, texts: Sequence[str]) -> CompletionRequest:
        """The request with these texts in place of its own, where they differ."""
        checked = zip(self.request.prompts, self._texts, texts, strict=False)
        prompts = [prompt if text == was else text for prompt, was, text in checked]
        suffix = None if self.request.suffix is None else texts[-1]
        return self.request.model_copy(update={"prompt": prompts, "suffix": suffix})

    def again(self, request: CompletionRequest) -> InspectedCompletion:
        """An adapter of other prompts, without their echo."""
        return InspectedCompletion(request.model_copy(update={"echo": False}))

    def param_of(self, result: PromptFilterResult) -> str:
        """The prompt, or the suffix, that a verdict is about."""
        if result.part_index == _SUFFIX_PART:
            return "suffix"
        return f"prompt[{result.prompt_index}]" if self.request.several else "prompt"

    def open(self, model: TextService, request: CompletionRequest) -> CompletionStream:
        """Have the model continue."""
        return model.stream_completion(request)

    def read(self, chunk: Completion) -> list[News[Entry]]:
        """The news in an event. The first of each choice is the echo, where one was asked for."""
        return [self._news(choice) for choice in chunk.choices]

    def _news(self, choice: CompletionChoice) -> News[Entry]:
        echoed = self.request.echo and choice.index not in self._echoed
        self._echoed.add(choice.index)
        return News(
            choice.index,
            text=choice.text,
            logprobs=tuple(Placed(entry) for entry in _entries(choice.logprobs)),
            echoed=echoed,
            finish=choice.finish_reason,
            incomplete=choice.incomplete_details,
        )

    def write(self, chunk: Completion, news: News[Entry]) -> Completion:
        """The event with this news in place of its own."""
        finish = news.finish
        if finish == "tool_calls":
            raise InternalError("A completion cannot end with tool calls.")
        choice = CompletionChoice(
            index=news.index,
            text=news.text,
            finish_reason=finish,
            logprobs=_lists(news.logprobs) if news.logprobs else None,
            incomplete_details=news.incomplete,
            content_filter_results=news.verdicts,
        )
        return chunk.model_copy(update={"choices": [choice]})


def _entries(logprobs: CompletionLogprobs | None) -> Iterator[Entry]:
    if logprobs is not None:
        lists = (logprobs.tokens, logprobs.token_logprobs, logprobs.top_logprobs, logprobs.text_offset)
        for token, logprob, top, offset in zip(*lists, strict=True):
            yield Entry(token, logprob, top, offset)


def _lists(placed: Sequence[Placed[Entry]]) -> CompletionLogprobs:
    return CompletionLogprobs(
        tokens=[one.entry.token for one in placed],
        token_logprobs=[one.entry.logprob for one in placed],
        top_logprobs=[one.entry.top for one in placed],
        text_offset=[one.entry.offset + one.shift for one in placed],
    )
