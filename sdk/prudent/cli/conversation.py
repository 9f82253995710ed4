"""A conversation with a model: what was said, and how the next answer is asked for. Knows no terminal."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from prudent.client import Client
from prudent.types.chat import ChatCompletion, ChatCompletionChunk, ChatMessage
from prudent.types.content import ContentPart, Source, TextPart

Content = str | list[ContentPart]


@dataclass(frozen=True, slots=True)
class Options:
    """How answers are made. None leaves the choice to the server."""

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class Conversation:
    """Messages so far; `ask` adds a question and its answer."""

    def __init__(self, client: Client, options: Options) -> None:
        self._client = client
        self._history: list[ChatMessage] = []
        self.options = options

    @property
    def asked(self) -> int:
        """Index of the message that the next question will have in its request."""
        return len(self._opening()) + len(self._history)

    def reset(self) -> None:
        """Forget what was said; the system message stays."""
        self._history.clear()

    def answer(self, content: Content) -> ChatCompletion:
        """Ask, and wait for the whole answer.

        Raises:
            PrudentError: whatever the client raises.
        """
        question = ChatMessage(role="user", content=content)
        completion = self._client.chat.completions.create(
            messages=self._messages(question),
            model=self.options.model,
            temperature=self.options.temperature,
            max_tokens=self.options.max_tokens,
        )
        self._remember(question, completion.text)
        return completion

    def ask(self, content: Content) -> Generator[ChatCompletionChunk]:
        """Ask, and yield the answer in pieces. Closing the generator stops it; what came is remembered.

        Raises:
            PrudentError: whatever the client raises.
        """
        question = ChatMessage(role="user", content=content)
        said: list[str] = []
        try:
            with self._client.chat.completions.create(
                messages=self._messages(question),
                model=self.options.model,
                temperature=self.options.temperature,
                max_tokens=self.options.max_tokens,
                stream=True,
                stream_options={"include_usage": True},
            ) as stream:
                for chunk in stream:
                    said.append(chunk.text)
                    yield chunk
        finally:
            self._remember(question, "".join(said))

    def _messages(self, question: ChatMessage) -> list[ChatMessage]:
        return [*self._opening(), *self._history, question]

    def _opening(self) -> list[ChatMessage]:
        return [ChatMessage(role="system", content=self.options.system)] if self.options.system else []

    def _remember(self, question: ChatMessage, answer: str) -> None:
        """A question without an answer is forgotten: it was refused, or stopped before the first word."""
        if answer:
            self._history += [question, ChatMessage(role="assistant", content=answer)]


def question_about(question: str | None, document: str | None) -> Content | None:
    """Join a question with a piped text. The text is then a document: material, not instructions."""
    if question is None or document is None or not document.strip():
        return question if question is not None else document
    return [TextPart(text=f"{document.rstrip()}\n\n", source=Source.DOCUMENT), TextPart(text=question)]
