"""Asks a chat model for one thing at a time: text, a value of a shape, one of some options, or a call.

Knows the client and no plan. The same driver works with prudent's server, which masks tokens, and with any
other endpoint of the OpenAI API, whose answers are read, repaired and validated.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Protocol, cast

from prudent.client import AsyncClient
from prudent.errors import ConnectionFailedError, ContentFilterError, InvalidRequestError
from prudent.types.chat import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    TokenLogprob,
)
from prudent.types.content import Source
from prudent.types.usage import Usage
from prudent_agents.errors import ToolError, ValueShapeError
from prudent_agents.tool import Tool
from prudent_agents.values import JSON, canonical

Message = Mapping[str, Any]
"""As the OpenAI API has them; a text part may name its source."""

TEXT_TOKENS = 400
VALUE_TOKENS = 300
_SHARES: dict[str, Any] = {"logprobs": True, "top_logprobs": 20}
_JSON_INSIDE = re.compile(r"[\[{].*[\]}]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model wants called, with its arguments as JSON values."""

    tool: str
    arguments: dict[str, JSON]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said and what it took (tokens, seconds); `scores` are the tools' shares of a choice."""

    model: str
    text: str = ""
    data: JSON = None
    calls: tuple[Call, ...] = ()
    confidence: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    tokens: tuple[TokenLogprob, ...] = ()
    """With their alternatives, where they were asked for."""
    prompt_hash: str = ""
    engine: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    money: float | None = 0.0
    """What it cost; None where no price is known."""
    finished: bool = True
    audit_id: str | None = None


class Model(Protocol):
    """What can be asked. Every method raises PrudentError where there is no answer."""

    @property
    def name(self) -> str:
        """The model's id."""
        ...

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = ..., on_text: OnText | None = None
    ) -> Reply:
        """Free text (`reply.text`)."""
        ...

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = ...
    ) -> Reply:
        """A value that is valid against the schema (`reply.data`). Raises ValueShapeError: it is not."""
        ...

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        """One of the options (`reply.data`), with the model's own share for it (`reply.confidence`)."""
        ...

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        """Calls of these tools, or none where none fits (`reply.calls`)."""
        ...


OnText = Callable[[str], Awaitable[None]]
"""Told of each piece of a text as it comes."""


class ChatModel:
    """A model behind a client. Decoding is greedy unless a `temperature` is given; `seed` is always sent."""

    def __init__(
        self, client: AsyncClient, name: str | None, *, seed: int = 0, temperature: float = 0.0
    ) -> None:
        """`name` None is the model that the server answers with by itself."""
        self._name = name
        self._client = client
        self._seed, self._temperature = seed, temperature
        self._plain_choice = True

    @property
    def name(self) -> str:
        """See `Model.name`."""
        return self._name or "default"

    async def say(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = TEXT_TOKENS,
        on_text: OnText | None = None,
    ) -> Reply:
        """See `Model.say`."""
        if on_text is None:
            return await self._ask(messages, max_tokens=max_tokens)
        began, folded = time.monotonic(), _Folded()
        stream = await self._client.chat.completions.create(
            messages=list(messages),
            model=self._name,
            temperature=self._temperature,
            seed=self._seed,
            max_tokens=max_tokens,
            stream=True,
            stream_options={"include_usage": True},
        )
        async with stream:
            async for chunk in stream:
                folded.add(chunk)
                if chunk.text:
                    await on_text(chunk.text)
        return _reply(folded.whole(), messages, began)

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = VALUE_TOKENS
    ) -> Reply:
        """See `Model.fill`."""
        form = {
            "type": "json_schema",
            "json_schema": {"name": "value", "schema": dict(schema), "strict": False},
        }
        reply = await self._ask(messages, max_tokens=max_tokens, response_format=form)
        return fitting(replace(reply, data=read_json(reply.text)), schema)

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        """See `Model.choose`."""
        if self._plain_choice:
            form: dict[str, Any] = {"type": "choice", "choices": list(options)}
            try:
                reply = await self._ask(messages, max_tokens=64, response_format=form, **_SHARES)
                return replace(reply, data=reply.text, scores=shares(options, reply.tokens))
            except InvalidRequestError:
                self._plain_choice = False  # not prudent's server: it knows the standard forms alone
        schema = {"type": "string", "enum": list(options)}
        form = {"type": "json_schema", "json_schema": {"name": "choice", "schema": schema}}
        reply = await self._ask(messages, max_tokens=64, response_format=form)
        said = read_json(reply.text)
        if said not in options:
            raise ToolError(f"{self.name} chose {str(said)[:80]!r}, which was not among the options.")
        return replace(reply, data=said, scores=shares(options, ()) | {said: 1.0})

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        """See `Model.call`."""
        choice: Any = "auto"
        if required:
            named = {"type": "function", "function": {"name": tools[0].name}}
            choice = named if len(tools) == 1 else "required"
        wire = [_wire(tool) for tool in tools]
        return await self._ask(
            messages, max_tokens=VALUE_TOKENS, tools=wire, tool_choice=choice, parallel_tool_calls=False
        )

    async def _ask(self, messages: Sequence[Message], *, max_tokens: int, **form: Any) -> Reply:
        began = time.monotonic()
        answer: ChatCompletion = await self._client.chat.completions.create(
            messages=list(messages),
            model=self._name,
            temperature=self._temperature,
            seed=self._seed,
            max_tokens=max_tokens,
            stream=False,
            **form,
        )
        return _reply(answer, messages, began)


class _Folded:
    """A streamed text, put together as the answer that would have come whole."""

    def __init__(self) -> None:
        self._text = ""
        self._end: ChunkChoice | None = None
        self._last: ChatCompletionChunk | None = None
        self._usage: Usage | None = None

    def add(self, chunk: ChatCompletionChunk) -> None:
        """Take the next chunk."""
        self._text += chunk.text
        self._last = chunk
        self._usage = chunk.usage or self._usage
        self._end = next((choice for choice in chunk.choices if choice.finish_reason), self._end)

    def whole(self) -> ChatCompletion:
        """The answer. Raises ConnectionFailedError: the stream ended before it did."""
        if self._last is None or self._end is None or self._end.finish_reason is None:
            raise ConnectionFailedError("The answer broke off before its end.", hint="Try again.")
        choice = Choice(
            index=0,
            message=AssistantMessage(content=self._text),
            finish_reason=self._end.finish_reason,
            content_filter_results=self._end.content_filter_results or {},
        )
        return ChatCompletion(
            id=self._last.id,
            created=self._last.created,
            model=self._last.model,
            choices=[choice],
            usage=self._usage,
            system_fingerprint=self._last.system_fingerprint,
            safety=self._last.safety,
        )


def prompt_hash(messages: Sequence[Message]) -> str:
    """What a prompt is known by in the journal and in replays: 32 hexadecimal digits."""
    return sha256(canonical(list(messages)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def part(text: str, source: Source) -> dict[str, Any]:
    """A piece of a user's message that somebody else wrote: the checks treat it as such."""
    return {"type": "text", "text": text, "source": source.value}


def read_json(text: str) -> JSON:
    """The JSON value in a text, also where words or a code fence stand around it.

    Raises:
        ToolError: there is none.
    """
    inside = _JSON_INSIDE.search(text)
    for candidate in (text, inside[0] if inside else ""):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    raise ToolError(
        f"The model wrote no JSON value: {text[:120]!r}.",
        hint="It may have come to its limit of tokens; ask for less, or give it more.",
    )


def fitting(reply: Reply, schema: Mapping[str, Any]) -> Reply:
    """The reply, whose value has the form of the schema: not every endpoint holds to one.

    Raises:
        ValueShapeError: it has not; the message says where.
    """
    from jsonschema import Draft202012Validator

    validator: Any = Draft202012Validator(dict(schema))
    wrong: Any = next(validator.iter_errors(reply.data), None)
    if wrong is None:
        return reply
    where = ".".join(map(str, wrong.absolute_path)) or "the value"
    raise ValueShapeError(f"{where}: {wrong.message[:200]}.", reply=reply)


def shares(options: Sequence[str], tokens: Sequence[TokenLogprob]) -> dict[str, float]:
    """What part of a choice each option had (together at most 1), token by token along the way taken.

    Options that part from it together share what that way out had.
    """
    found = dict.fromkeys(options, 0.0)
    left, written, weight = set(options), "", 1.0
    for token in tokens:
        masses = dict.fromkeys(left, 0.0)
        for other in {one.token: one for one in (*token.top_logprobs, token)}.values():
            fitting = [option for option in left if option.startswith(written + other.token)]
            for option in fitting:
                masses[option] += math.exp(other.logprob) / len(fitting)
        written += token.token
        staying = {option for option in left if option.startswith(written)}
        for option in left - staying:
            found[option] = weight * masses[option]
        weight *= sum(masses[option] for option in staying)
        left = staying
    for option in left:
        found[option] = weight / len(left)
    return found


def _wire(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.card, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _reply(answer: ChatCompletion, messages: Sequence[Message], began: float) -> Reply:
    choice = answer.choices[0]
    if choice.finish_reason == "content_filter":
        found = sorted(name for name, one in choice.content_filter_results.items() if one.filtered)
        raise ContentFilterError(
            f"The checks stopped the model's answer: {', '.join(found) or 'content filter'}.",
            details={"content_filter_result": choice.content_filter_results},
        )
    usage = answer.usage
    return Reply(
        model=answer.model,
        text=choice.message.content or "",
        calls=tuple(_calls(choice)),
        confidence=_confidence(choice),
        tokens=tuple(choice.logprobs.content or ()) if choice.logprobs else (),
        scores=choice.tool_decision.scores if choice.tool_decision else {},
        prompt_hash=prompt_hash(messages),
        engine=answer.system_fingerprint,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        cached_tokens=usage.prompt_tokens_details.cached_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        seconds=time.monotonic() - began,
        finished=choice.finish_reason != "length",
        audit_id=answer.safety.audit_id if answer.safety else None,
    )


def _calls(choice: Choice) -> list[Call]:
    calls: list[Call] = []
    for call in choice.message.tool_calls or ():
        arguments = read_json(call.function.arguments or "{}")
        if not isinstance(arguments, dict):
            raise InvalidRequestError(f"The arguments of {call.function.name} are no object.")
        calls.append(Call(call.function.name, cast("dict[str, Any]", arguments), call.confidence))
    return calls


def _confidence(choice: Choice) -> float | None:
    """Of a decision on tools its own; else the probability of the tokens that were taken."""
    if choice.tool_decision is not None:
        return choice.tool_decision.confidence
    if choice.logprobs is None or not choice.logprobs.content:
        return None
    return math.exp(sum(token.logprob for token in choice.logprobs.content))
