"""A model whose prompts are set aside in the budget before it is asked. Knows the account and no run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from prudent_agents.budget import Account, Reservation
from prudent_agents.models.driver import TEXT_TOKENS, VALUE_TOKENS, Message, Model, OnText, Reply
from prudent_agents.tool import Tool
from prudent_agents.values import canonical

BYTES_A_TOKEN = 2.5
"""UTF-8 bytes of a prompt for each token, on the safe side: 2.5 to 3.2 in this project's own prompts and in
Chinese with the tokenizer of Qwen2.5; digits take more tokens (one each)."""
TOKENS_A_MESSAGE = 5
"""What a chat template adds to each message."""


class Metered:
    """Asks the model only where its prompt fits what is left. The budget is settled with what it was.

    Every method raises BudgetExceededError before anything is asked.
    """

    def __init__(self, model: Model, account: Account) -> None:
        self._model = model
        self._account = account

    @property
    def name(self) -> str:
        """See `Model.name`."""
        return self._model.name

    async def say(
        self, messages: Sequence[Message], *, max_tokens: int = TEXT_TOKENS, on_text: OnText | None = None
    ) -> Reply:
        """See `Model.say`."""
        with self._prompt(messages):
            return await self._model.say(messages, max_tokens=max_tokens, on_text=on_text)

    async def fill(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int = VALUE_TOKENS
    ) -> Reply:
        """See `Model.fill`."""
        with self._prompt(messages):
            return await self._model.fill(messages, schema, max_tokens=max_tokens)

    async def choose(self, messages: Sequence[Message], options: Sequence[str]) -> Reply:
        """See `Model.choose`."""
        with self._prompt(messages):
            return await self._model.choose(messages, options)

    async def call(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, required: bool = False
    ) -> Reply:
        """See `Model.call`."""
        with self._prompt([*messages, *({"content": canonical(dict(one.parameters))} for one in tools)]):
            return await self._model.call(messages, tools, required=required)

    def _prompt(self, messages: Sequence[Message]) -> Reservation:
        return self._account.reserve(tokens=prompt_tokens(messages), calls=0)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens a prompt has, without the model's tokenizer."""
    size = sum(len(text.encode("utf-8", "surrogatepass")) for one in messages for text in _texts(one))
    return round(size / BYTES_A_TOKEN) + TOKENS_A_MESSAGE * len(messages)


def _texts(message: Message) -> list[str]:
    content: Any = message.get("content")
    if isinstance(content, str):
        return [content]
    parts = cast("list[Mapping[str, Any]]", content or [])
    return [str(part.get("text", "")) for part in parts]
