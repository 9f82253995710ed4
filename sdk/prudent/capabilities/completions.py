"""Plain text continued: a prompt in, the older API's events out. Knows no template, no check and no HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from prudent.capabilities.decoder import DecoderModel, finish_of, incomplete_of
from prudent.capabilities.generations import Generations, usage_of
from prudent.capabilities.model_stream import ModelStream
from prudent.capabilities.offload import offload
from prudent.capabilities.text_logprobs import TextLogprobs
from prudent.errors import InvalidRequestError
from prudent.generation.request import GenerationEvent, GenerationRequest
from prudent.tokenizer import RenderedPrompt
from prudent.tokenizer.infill import infill_prompt
from prudent.types.completions import (
    Completion,
    CompletionChoice,
    CompletionLogprobs,
    CompletionRequest,
    Prompt,
)


class CompletionModelStream(ModelStream[Completion]):
    """The events of one completion request to a model. A `CompletionStream`."""

    def __init__(self, model: DecoderModel, request: CompletionRequest) -> None:
        self._model = model
        self._request = request
        self._generations = Generations(model.engine)
        self._logprobs: dict[int, TextLogprobs] = {}
        super().__init__(model.head("cmpl"), len(request.prompts) * request.n)

    def cancel(self, choice: int) -> None:
        """Stop one choice within a step."""
        self._generations.cancel(choice)

    async def _run(self) -> AsyncGenerator[Completion]:
        requests = await offload(self._prepare)
        async with aclosing(self._generations.run(requests)) as events:
            async for choice, event in events:
                if self.started is None:
                    self.started = usage_of([event], n=1)
                for news in self._choices_of(choice, requests[choice], event):
                    yield Completion(**self._head, choices=[news])
        endings = self._generations.endings
        usage = usage_of([endings[choice] for choice in range(self._choices)], n=self._request.n)
        yield Completion(**self._head, choices=[], usage=usage)

    def _prepare(self) -> list[GenerationRequest]:
        request = self._request
        scores = request.logprobs
        if scores is None and request.max_tokens == 0:
            scores = 0  # the engine takes a request for no tokens where it is one for scores
        return self._model.requests(
            request,
            [self._encode(prompt) for prompt in request.prompts],
            max_tokens=request.max_tokens,
            top_logprobs=request.logprobs,
            prompt_logprobs=scores if request.echo else None,
        )

    def _encode(self, prompt: Prompt) -> tuple[int, ...]:
        tokenizer = self._model.tokenizer
        if not isinstance(prompt, str):
            return tuple(prompt)
        rendered: RenderedPrompt | None = RenderedPrompt((prompt,))
        if self._request.suffix is not None:
            rendered = infill_prompt(tokenizer.spec, prompt, self._request.suffix)
        if rendered is None:
            raise InvalidRequestError(
                f"{self._model.id} cannot fill a gap: its vocabulary has no tokens that mark one.",
                hint="Leave suffix out, or ask a model for code, such as qwen2.5-coder-0.5b-instruct.",
                param="suffix",
            )
        return tuple(tokenizer.encode_prompt(rendered))

    def _choices_of(
        self, choice: int, request: GenerationRequest, event: GenerationEvent
    ) -> Sequence[CompletionChoice]:
        news: list[CompletionChoice] = []
        if choice not in self._logprobs:
            self._logprobs[choice] = TextLogprobs(self._model.tokenizer)
            if self._request.echo:
                news.append(self._echo(choice, request, event))
        logprobs = self._wire(self._logprobs[choice].add(event.logprobs)) if event.logprobs else None
        if event.text or logprobs is not None:
            news.append(CompletionChoice(index=choice, text=event.text, logprobs=logprobs))
        if event.finish is not None:
            news.append(
                CompletionChoice(
                    index=choice,
                    text="",
                    finish_reason=finish_of(event),
                    incomplete_details=incomplete_of(event),
                )
            )
        return news

    def _echo(self, choice: int, request: GenerationRequest, event: GenerationEvent) -> CompletionChoice:
        """The prompt as the first text of its choice. It is the engine's first news of the choice."""
        prompt = self._request.prompts[choice // self._request.n]
        text = prompt if isinstance(prompt, str) else self._model.decode(prompt)
        scores = self._logprobs[choice].echo(text, request.prompt, event.prompt_logprobs)
        return CompletionChoice(index=choice, text=text, logprobs=self._wire(scores))

    def _wire(self, logprobs: CompletionLogprobs) -> CompletionLogprobs | None:
        return logprobs if self._request.logprobs is not None and logprobs.tokens else None
