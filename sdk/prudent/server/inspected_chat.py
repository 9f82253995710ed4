"""A conversation as the checks see it. Knows the shapes of chat, and no check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prudent.capabilities.interface import ChatStream, Models, TextService
from prudent.server.answer import News
from prudent.server.chat_images import tell_images
from prudent.server.held_logprobs import Placed
from prudent.server.image_source import ImageSource
from prudent.types.chat import (
    CREATE_CHAT_COMPLETION,
    ROLE_SOURCE,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatMessage,
    ChoiceDelta,
    ChoiceLogprobs,
    ChunkChoice,
    TokenLogprob,
)
from prudent.types.chat_images import ChatImage
from prudent.types.content import Source, TextPart
from prudent.types.safety import PromptFilterResult
from prudent_responsible_ai.parts import Part


class InspectedChat:
    """A chat request. An `Inspected`."""

    route = CREATE_CHAT_COMPLETION.path
    needs_model = False

    def __init__(
        self, request: ChatCompletionRequest, images: ImageSource | None = None, *, assess: bool = False
    ) -> None:
        """`images` says where images of the conversation may be fetched from.

        `assess` says whether the policy asks how explicit they are.
        """
        self.request = request
        self.choices = request.n
        self._source = images or ImageSource()
        self._assess = assess
        self._images: list[ChatImage] = []

    @property
    def opening(self) -> Mapping[str, Any]:
        """What was done with the images."""
        return {"images": self._images} if self._images else {}

    async def prepare(self, models: Models) -> None:
        """Images to words."""
        messages, self._images = await tell_images(
            self.request.messages, models, self._source, assess=self._assess
        )
        if self._images:
            self.request = self.request.model_copy(update={"messages": messages})

    def parts(self, model: TextService | None) -> list[Part]:
        """Every text of the conversation: the content of messages, and the arguments of earlier calls."""
        del model
        seen = {(image.message, image.part): image.categories for image in self._images}
        return [
            replace(part, image=seen.get((part.message_index, part.part_index)))
            for part in parts_of(self.request.messages)
        ]

    def with_texts(self, texts: Sequence[str]) -> ChatCompletionRequest:
        """The request with these texts in place of its own."""
        return self.request.model_copy(update={"messages": with_texts(self.request.messages, texts)})

    def again(self, request: ChatCompletionRequest) -> InspectedChat:
        """An adapter of a conversation whose images are words already."""
        return InspectedChat(request)

    def param_of(self, result: PromptFilterResult) -> str:
        """The message that a verdict is about."""
        return f"messages[{result.prompt_index}]"

    def open(self, model: TextService, request: ChatCompletionRequest) -> ChatStream:
        """Have the model answer."""
        return model.stream(request)

    def read(self, chunk: ChatCompletionChunk) -> list[News[TokenLogprob]]:
        """The news in a chunk: one for what is said, one for each call, the end with the last of them."""
        return [news for choice in chunk.choices for news in _news(choice)]

    def write(self, chunk: ChatCompletionChunk, news: News[TokenLogprob]) -> ChatCompletionChunk:
        """The chunk with this news in place of its own."""
        says = news.role is not None or (news.call is None and news.finish is None)
        delta = ChoiceDelta(
            role=news.role,
            content=news.text if news.text or says else None,
            tool_calls=None if news.call is None else [news.call],
        )
        choice = ChunkChoice(
            index=news.index,
            delta=delta,
            finish_reason=news.finish,
            logprobs=ChoiceLogprobs(content=[one.entry for one in news.logprobs]) if news.logprobs else None,
            incomplete_details=news.incomplete,
            tool_decision=news.decision,
            content_filter_results=news.verdicts,
        )
        return chunk.model_copy(update={"choices": [choice]})


def _news(choice: ChunkChoice) -> Iterator[News[TokenLogprob]]:
    delta = choice.delta
    calls = delta.tool_calls or []
    logprobs = tuple(Placed(entry) for entry in (choice.logprobs and choice.logprobs.content) or ())
    if not calls:
        yield News(
            choice.index,
            text=delta.content or "",
            logprobs=logprobs,
            role=delta.role,
            decision=choice.tool_decision,
            finish=choice.finish_reason,
            incomplete=choice.incomplete_details,
        )
        return
    if delta.content or delta.role is not None or choice.tool_decision is not None:
        said = logprobs if delta.content else ()
        yield News(choice.index, delta.content or "", said, role=delta.role, decision=choice.tool_decision)
    for call in calls:
        first, last = call is calls[0], call is calls[-1]
        yield News(
            choice.index,
            logprobs=logprobs if first and not delta.content else (),
            call=call,
            finish=choice.finish_reason if last else None,
            incomplete=choice.incomplete_details if last else None,
        )


def parts_of(messages: Sequence[ChatMessage]) -> list[Part]:
    """Every text of a conversation, with where it came from and where it stands."""
    return [
        Part(text, source or ROLE_SOURCE[message.role], index, number)
        for index, message in enumerate(messages)
        for number, (text, source) in enumerate(_texts(message))
        if text is not None
    ]


def _texts(message: ChatMessage) -> list[tuple[str | None, Source | None]]:
    texts: list[tuple[str | None, Source | None]] = []
    if isinstance(message.content, str):
        texts.append((message.content, None))
    elif message.content is not None:
        texts += [
            (part.text if isinstance(part, TextPart) else None, part.source) for part in message.content
        ]
    texts += [(call.function.arguments, Source.ASSISTANT) for call in message.tool_calls or ()]
    return texts


def with_texts(messages: Sequence[ChatMessage], texts: Sequence[str]) -> list[ChatMessage]:
    """The conversation with the texts, in the order of `parts_of`, in place of its own."""
    remaining = iter(texts)
    return [_with_texts(message, remaining) for message in messages]


def _with_texts(message: ChatMessage, texts: Iterator[str]) -> ChatMessage:
    changed: dict[str, Any] = {}
    if isinstance(message.content, str):
        changed["content"] = next(texts)
    elif message.content is not None:
        changed["content"] = [
            part.model_copy(update={"text": next(texts)}) if isinstance(part, TextPart) else part
            for part in message.content
        ]
    if message.tool_calls is not None:
        changed["tool_calls"] = [
            call.model_copy(update={"function": call.function.model_copy(update={"arguments": next(texts)})})
            for call in message.tool_calls
        ]
    return message.model_copy(update=changed)
