"""How an app is asked: questions in, replies out, several at a time. Knows no transport.

An `Ask` may be anything that answers a conversation; `asking_client` makes one of a client of prudent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from prudent.errors import ConnectionFailedError, ContentFilterError, PrudentError

CONCURRENCY = 8
"""Questions at once: a server reads and answers them together."""
MAX_TOKENS = 48
"""Tokens of an answer: enough to see what it does."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `system` comes before the app's own; `document` is given with the question as data."""

    id: str
    text: str
    system: str | None = None
    document: str | None = None

    def messages(self) -> list[dict[str, Any]]:
        """The conversation to send."""
        said = self.text if self.document is None else f"Document:\n{self.document}\n\n{self.text}"
        first = [] if self.system is None else [{"role": "system", "content": self.system}]
        return [*first, {"role": "user", "content": said}]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a text, a block by a check, or the code of an error."""

    text: str = ""
    blocked: bool = False
    error: str | None = None


Ask: TypeAlias = Callable[[Question], Reply]


@dataclass
class Asker:
    """Asks, and counts. Equal conversations are asked once. `progress` hears how many are answered."""

    ask: Ask
    concurrency: int = CONCURRENCY
    progress: Callable[[str, int], None] = lambda _kind, _count: None
    asked: int = 0
    errors: int = 0
    _known: dict[str, Reply] = field(default_factory=dict[str, Reply])

    def all(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions.

        Raises:
            ConnectionFailedError: nothing answers any more.
        """
        new = {repr(question.messages()): question for question in questions}
        new = {key: question for key, question in new.items() if key not in self._known}
        with ThreadPoolExecutor(self.concurrency) as pool:
            for key, reply in zip(new, pool.map(self.ask, new.values()), strict=True):
                self._known[key] = reply
                self.asked += 1
                self.errors += reply.error is not None
                self.progress("asked", self.asked)
        return [self._known[repr(question.messages())] for question in questions]


def asking_client(client: Any, *, model: str | None = None, system: str | None = None) -> Ask:
    """Ask through a prudent `Client`. `system` is the app's own instruction, put before each conversation."""

    def ask(question: Question) -> Reply:
        messages = question.messages()
        if system is not None:
            messages = [{"role": "system", "content": system}, *messages]
            messages = _joined(messages)
        try:
            answer = client.chat.completions.create(
                messages=messages, temperature=0, max_tokens=MAX_TOKENS, **({"model": model} if model else {})
            )
        except ContentFilterError:
            return Reply(blocked=True)
        except ConnectionFailedError:
            raise
        except PrudentError as error:
            return Reply(error=error.code or error.type)
        choice = answer.choices[0]
        return Reply(choice.message.content or "", blocked=choice.finish_reason == "content_filter")

    return ask


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two system messages in a row as one: many chat templates take only the first."""
    if len(messages) > 1 and messages[1]["role"] == "system":
        text = f"{messages[0]['content']}\n{messages[1]['content']}"
        return [{"role": "system", "content": text}, *messages[2:]]
    return messages
