"""A model for agents that says what it is told to, without a client. Knows the driver, not planning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prudent_agents.models.driver import Call, Message, OnText, Reply, prompt_hash
from prudent_agents.tool import Tool


class ScriptedAgentModel:
    """Fills and calls with the given values, in order, the last one again and again.

    `asked` keeps the purpose and messages of every request. `delay` is in seconds before each answer;
    `tokens` are those of each prompt.
    """

    def __init__(
        self,
        *,
        values: Sequence[Any] = (),
        calls: Sequence[Mapping[str, Any] | Callable[[str], Mapping[str, Any]]] = (),
        text: str = "said",
        delay: float = 0.0,
        tokens: int = 10,
        money: float | None = 0.0,
    ) -> None:
        self.asked: list[tuple[str, str]] = []
        self.cancelled = 0
        self._values, self._calls = list(values), list(calls)
        self._text, self._delay, self._tokens, self._money = text, delay, tokens, money

    @property
    def name(self) -> str:
        """Its id."""
        return "scripted"

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = 1, on_text: OnText | None = None
    ) -> Reply:
        """The text."""
        del max_tokens
        reply = await self._reply("say", messages, text=self._text)
        if on_text is not None:
            await on_text(self._text)
        return reply

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = 1
    ) -> Reply:
        """The next value."""
        del schema, max_tokens
        return await self._reply("fill", messages, data=_next(self._values))

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        """The first option."""
        scores = dict.fromkeys(options, 0.0) | {options[0]: 1.0}
        return await self._reply("choose", messages, data=options[0], scores=scores)

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        """A call of the first tool with the next arguments; none where there are none left."""
        del required
        given = _next(self._calls)
        if callable(given):
            given = given(str(messages))
        calls = () if given is None else (Call(tools[0].name, dict(given)),)
        return await self._reply("call", messages, calls=calls)

    async def _reply(self, kind: str, messages: Sequence[Message], **said: Any) -> Reply:
        self.asked.append((kind, str(messages)))
        try:
            await asyncio.sleep(self._delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Reply(
            model="scripted",
            prompt_hash=prompt_hash(messages),
            prompt_tokens=self._tokens,
            completion_tokens=1,
            money=self._money,
            **said,
        )


def _next(values: list[Any]) -> Any:
    return None if not values else values.pop(0) if len(values) > 1 else values[0]
