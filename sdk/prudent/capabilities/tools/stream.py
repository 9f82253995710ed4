"""The chunks of one chat request with tools: calls, or a plain answer where none fits.

A choice of tool and a form of answer never share one decode: calls are made in passes of their own, and the
plain answer that follows where none is made is a request of its own. Knows no HTTP and no check.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from prudent.capabilities.decoder import prompt_named
from prudent.capabilities.generations import usage_of
from prudent.capabilities.interface import ChatStream
from prudent.capabilities.model_stream import ModelStream
from prudent.capabilities.offload import offload
from prudent.capabilities.tools.calibration import Calibration
from prudent.capabilities.tools.calls import Turn
from prudent.capabilities.tools.conversation import calls_since_request, request_text, spoken_text, with_tools
from prudent.capabilities.tools.driving import Driver, StoppedError
from prudent.capabilities.tools.grounding import Evidence
from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.capabilities.tools.toolset import ToolSet, toolset_of
from prudent.capabilities.tools.turn import Judge, TurnResult, tool_turn
from prudent.generation.engine import Engine
from prudent.generation.grammar import GrammarCompiler, Lark
from prudent.generation.request import GenerationRequest, Limit
from prudent.tokenizer import Tokenizer
from prudent.types.chat import (
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChoiceDelta,
    ChunkChoice,
    IncompleteDetails,
)
from prudent.types.tools import ToolDecision
from prudent.types.usage import PromptTokensDetails, Usage


class ToolModel(Protocol):
    """What calling tools needs of a chat model."""

    tokenizer: Tokenizer
    engine: Engine
    grammars: GrammarCompiler
    encoder: ToolEncoder | None
    calibration: Calibration

    def encode_plain(self, messages: Sequence[dict[str, str]]) -> tuple[int, ...]:
        """The tokens of a conversation in plain roles and texts."""
        ...

    def head(self, kind: str) -> dict[str, Any]:
        """What every event of a new answer says."""
        ...

    def template_of(self, request: ChatCompletionRequest) -> GenerationRequest:
        """A request to the engine with the priority, deadline and isolation of this one."""
        ...


class ToolChatStream(ModelStream[ChatCompletionChunk]):
    """The chunks of one request with tools. A `ChatStream`."""

    def __init__(
        self,
        model: ToolModel,
        request: ChatCompletionRequest,
        plain: Callable[[ChatCompletionRequest], ChatStream],
    ) -> None:
        """`plain` answers a request without tools."""
        self._model = model
        self._request = request
        self._plain = plain
        self._answer: ChatStream | None = None
        self._driver: Driver | None = None
        self._cancelled = False
        super().__init__(model.head("chatcmpl"), request.n)

    def cancel(self, choice: int) -> None:
        """Stop within a step, in whatever pass it is."""
        self._cancelled = True
        if self._driver is not None:
            self._driver.cancel()
        if self._answer is not None:
            self._answer.cancel(choice)

    async def _run(self) -> AsyncGenerator[ChatCompletionChunk]:
        tools = await offload(toolset_of, self._request)
        if tools is None:
            async for chunk in self._plainly(None, None):
                yield chunk
            return
        driver = self._driver = Driver(
            self._model.engine,
            lambda grammar: self._model.grammars.compile(Lark(grammar)).grammar,
            self._model.template_of(self._request),
        )
        if self._cancelled:
            driver.cancel()
        results: list[TurnResult] = []
        limit: Limit | None = Limit.MAX_TOKENS
        called = False
        try:
            with prompt_named("messages"):
                program = await offload(self._program, tools)
                async with aclosing(driver.run(program, results)) as deltas:
                    async for delta in deltas:
                        if not called:
                            yield self._begin(driver)
                        called = True
                        yield self._chunk(ChunkChoice(index=0, delta=ChoiceDelta(tool_calls=[delta])))
        except StoppedError as stopped:
            limit = stopped.limit
        usage = _usage(driver)
        result = results[0] if results else None
        if result is not None and result.complete and result.calls == 0:
            async for chunk in self._plainly(result.decision, usage):
                yield chunk
            return
        if not called and usage is not None:
            yield self._begin(driver)
        if result is not None or limit is not None:
            yield self._end(result, limit)
        yield ChatCompletionChunk(**self._head, choices=[], usage=usage)

    def _program(self, tools: ToolSet) -> Any:
        messages = self._request.messages
        prompt = self._model.encode_plain(with_tools(messages, tools.tools))
        asked = request_text(messages)
        made = calls_since_request(messages)
        encoder = self._model.encoder if tools.mode == "auto" and not made else None
        similarities = None if encoder is None else encoder.similarities(asked, tools.tools)
        turn = Turn(Evidence(asked), Evidence(spoken_text(messages)), made, len(made))
        judge = Judge(tools, self._model.calibration, similarities, self._request.token_limit)
        return tool_turn(Language.of(self._model.tokenizer), prompt, turn, judge)

    async def _plainly(
        self, decision: ToolDecision | None, spent: Usage | None
    ) -> AsyncGenerator[ChatCompletionChunk]:
        """A plain answer by the ordinary way, under our head, with the decision at its end."""
        without = {"tools": None, "tool_choice": None, "parallel_tool_calls": None}
        answer = self._answer = self._plain(self._request.model_copy(update=without))
        if self._cancelled:
            answer.cancel_all()
        async with aclosing(answer):
            async for chunk in answer:
                if self.started is None:
                    self.started = _sum(spent, answer.started)
                choices = [
                    choice.model_copy(update={"tool_decision": decision})
                    if choice.finish_reason is not None
                    else choice
                    for choice in chunk.choices
                ]
                usage = None if chunk.usage is None else _sum(spent, chunk.usage)
                yield chunk.model_copy(update={**self._head, "choices": choices, "usage": usage})

    def _begin(self, driver: Driver) -> ChatCompletionChunk:
        self.started = _usage(driver)
        return self._chunk(ChunkChoice(index=0, delta=ChoiceDelta(role="assistant")))

    def _end(self, result: TurnResult | None, limit: Limit | None) -> ChatCompletionChunk:
        whole = result is not None and result.complete
        return self._chunk(
            ChunkChoice(
                index=0,
                delta=ChoiceDelta(),
                finish_reason="tool_calls" if whole else "length",
                incomplete_details=None if whole or limit is None else IncompleteDetails(reason=limit.value),
                tool_decision=None if result is None else result.decision,
            )
        )

    def _chunk(self, choice: ChunkChoice) -> ChatCompletionChunk:
        return ChatCompletionChunk(**self._head, choices=[choice])


def _usage(driver: Driver) -> Usage | None:
    """All passes together: each has a prompt of its own, most of which the cache has."""
    if not driver.endings:
        return None
    parts = [usage_of([ending], n=1) for ending in driver.endings]
    total = parts[0]
    for part in parts[1:]:
        total = _sum(total, part) or total
    return total


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    """Two stretches of work, one after the other."""
    if one is None or other is None:
        return one or other
    cached = one.prompt_tokens_details.cached_tokens + other.prompt_tokens_details.cached_tokens
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        total_tokens=one.total_tokens + other.total_tokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=cached),
        queue_time=(one.queue_time or 0.0) + (other.queue_time or 0.0),
        prompt_time=(one.prompt_time or 0.0) + (other.prompt_time or 0.0),
        completion_time=(one.completion_time or 0.0) + (other.completion_time or 0.0),
    )
