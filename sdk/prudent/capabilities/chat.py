"""A loaded chat model: a request in, OpenAI's chunks out. It joins template, tokenizer and engine.

Knows no check and no HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from prudent.capabilities.completions import CompletionModelStream
from prudent.capabilities.decoder import DecoderModel, finish_of, incomplete_of, prompt_named
from prudent.capabilities.generations import Generations, usage_of
from prudent.capabilities.interface import ChatStream
from prudent.capabilities.interface.text import ScoredAnswer
from prudent.capabilities.logprobs import wire_logprobs
from prudent.capabilities.model_stream import ModelStream
from prudent.capabilities.offload import offload
from prudent.capabilities.structure import grammar_of
from prudent.capabilities.tools.calibration import load_calibration
from prudent.capabilities.tools.conversation import in_answering_form, uses_tools, with_tools
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.capabilities.tools.stream import ToolChatStream
from prudent.capabilities.tools.toolset import prepared_tools
from prudent.catalog.entry import Advice
from prudent.errors import InternalError, InvalidRequestError
from prudent.generation.engine import Engine
from prudent.generation.request import GenerationEvent, GenerationRequest
from prudent.runtime.artifact import DecoderArtifact
from prudent.tokenizer import ChatTemplate, Tokenizer
from prudent.types.chat import (
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatMessage,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
)
from prudent.types.completions import CompletionRequest
from prudent.types.tokenize import Tokenized, TokenizeRequest


class ChatModel(DecoderModel):
    """A model that answers conversations and continues plain text. For one event loop at a time."""

    def __init__(
        self,
        artifact: DecoderArtifact,
        tokenizer: Tokenizer,
        template: ChatTemplate,
        engine: Engine,
        encoder: ToolEncoder | None = None,
        advice: Advice | None = None,
    ) -> None:
        """`encoder` helps to tell whether a tool fits a request; it stays its owner's."""
        super().__init__(artifact, tokenizer, engine, advice)
        self.encoder = encoder
        self.calibration = load_calibration(self.id)
        self._template = template

    def stream(self, request: ChatCompletionRequest) -> ChatStream:
        """Answer a request; see `AnswerStream` for what the chunks are."""
        if request.tools or request.tool_choice is not None or uses_tools(request.messages):
            return ToolChatStream(self, request, lambda plain: ChatModelStream(self, plain))
        return ChatModelStream(self, request)

    def template_of(self, request: ChatCompletionRequest) -> GenerationRequest:
        """A request to the engine with the priority, deadline and isolation of this one, and no prompt."""
        return self.requests(request, [()], max_tokens=None, top_logprobs=None)[0]

    def stream_completion(self, request: CompletionRequest) -> CompletionModelStream:
        """Continue a prompt; see `AnswerStream` for what the events are."""
        return CompletionModelStream(self, request)

    def prepare(self, request: ChatCompletionRequest) -> list[GenerationRequest]:
        """Render and tokenize the prompt, once for all choices. Choice i has seed + i.

        Raises:
            InvalidRequestError: the messages or the logit_bias do not suit this model.
            GrammarError: response_format is wrong, or asks for what cannot be enforced.
        """
        return self.requests(
            request,
            [self.encode_messages(request.messages)],
            max_tokens=request.token_limit,
            top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
            grammar=grammar_of(request, self.grammars),
        )

    async def score(self, request: ChatCompletionRequest, answer: str) -> ScoredAnswer:
        """How probable an answer is; see `TextService`."""
        asked = await offload(self._to_score, request, answer)
        async for _, event in Generations(self.engine).run([asked]):
            if event.prompt_logprobs:
                logprobs = event.prompt_logprobs[asked.scores_from :]
                return ScoredAnswer(
                    tuple(one.logprob for one in logprobs if one is not None),
                    asked.scores_from,
                    event.cached_tokens,
                )
        raise InternalError("The engine scored nothing.")

    def _to_score(self, request: ChatCompletionRequest, answer: str) -> GenerationRequest:
        prompt = self.encode_messages(request.messages)
        tokens = tuple(self.tokenizer.encode(answer))
        if not tokens:
            raise InvalidRequestError("There is no answer to score: it is empty.")
        return replace(
            self.template_of(request),
            prompt=prompt + tokens,
            max_tokens=0,
            prompt_logprobs=0,
            scores_from=len(prompt),
        )

    def encode_messages(
        self, messages: Sequence[ChatMessage], *, add_generation_prompt: bool = True
    ) -> tuple[int, ...]:
        """The tokens of a conversation. Raises InvalidRequestError where the template cannot take it."""
        return self.encode_plain(in_answering_form(messages), add_generation_prompt=add_generation_prompt)

    def encode_plain(
        self, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool = True
    ) -> tuple[int, ...]:
        """The tokens of a conversation in plain roles and texts. Raises as `encode_messages`."""
        rendered = self._template.render(messages, add_generation_prompt=add_generation_prompt)
        return tuple(self.tokenizer.encode_prompt(rendered))

    def tokenize(self, request: TokenizeRequest) -> Tokenized:
        """The tokens of a text, or of a conversation as the model would read it."""
        if request.messages is None:
            return self.tokenize_text(request)
        plain = in_answering_form(request.messages)
        if request.tools:
            plain = with_tools(request.messages, prepared_tools(request.tools))
        tokens = self.encode_plain(plain, add_generation_prompt=request.add_generation_prompt)
        return self.tokenized(tokens, request)


class ChatModelStream(ModelStream[ChatCompletionChunk]):
    """The chunks of one request to a ChatModel. A `ChatStream`."""

    def __init__(self, model: ChatModel, request: ChatCompletionRequest) -> None:
        self._model = model
        self._request = request
        self._generations = Generations(model.engine)
        super().__init__(model.head("chatcmpl"), request.n)

    def cancel(self, choice: int) -> None:
        """Stop one choice within a step."""
        self._generations.cancel(choice)

    async def _run(self) -> AsyncGenerator[ChatCompletionChunk]:
        # Tokenizing a long prompt and compiling a grammar take a while; other requests must not wait for it.
        requests = await offload(self._model.prepare, self._request)
        with prompt_named("messages"):
            async with aclosing(self._generations.run(requests)) as events:
                async for choice, event in events:
                    if self.started is None:
                        self.started = usage_of([event], n=1)
                        for each in range(len(requests)):
                            yield self._chunk(each, delta=ChoiceDelta(role="assistant", content=""))
                    for chunk in self._chunks_of(choice, event):
                        yield chunk
        endings = self._generations.endings
        usage = usage_of([endings[choice] for choice in range(len(requests))], n=len(requests))
        yield ChatCompletionChunk(**self._head, choices=[], usage=usage)

    def _chunks_of(self, choice: int, event: GenerationEvent) -> list[ChatCompletionChunk]:
        chunks: list[ChatCompletionChunk] = []
        logprobs = None
        if self._request.logprobs and event.logprobs:
            logprobs = wire_logprobs(event.logprobs, self._model.tokenizer)
        if event.text or logprobs is not None:
            chunks.append(self._chunk(choice, delta=ChoiceDelta(content=event.text), logprobs=logprobs))
        if event.finish is not None:
            chunks.append(self._end_of(choice, event))
        return chunks

    def _end_of(self, choice: int, event: GenerationEvent) -> ChatCompletionChunk:
        end = ChunkChoice(
            index=choice,
            delta=ChoiceDelta(),
            finish_reason=finish_of(event),
            incomplete_details=incomplete_of(event),
        )
        return ChatCompletionChunk(**self._head, choices=[end])

    def _chunk(
        self,
        choice: int,
        *,
        delta: ChoiceDelta,
        logprobs: ChoiceLogprobs | None = None,
    ) -> ChatCompletionChunk:
        news = ChunkChoice(index=choice, delta=delta, logprobs=logprobs)
        return ChatCompletionChunk(**self._head, choices=[news])
