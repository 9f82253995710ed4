"""Messages of the API as the messages that a chat template takes. Knows no template and no tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from prudent.errors import InvalidRequestError
from prudent.types.chat import ChatMessage
from prudent.types.content import TextPart


def template_messages(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Role and text of each message; parts of one message are joined as they stand.

    `developer` is the newer name of `system`; templates know the older one.

    Raises:
        InvalidRequestError: a message holds an image; `param` names the part.
    """
    return [
        {"role": "system" if message.role == "developer" else message.role, "content": _text(message, index)}
        for index, message in enumerate(messages)
    ]


def _text(message: ChatMessage, index: int) -> str:
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    texts: list[str] = []
    for number, part in enumerate(message.content):
        if not isinstance(part, TextPart):
            raise InvalidRequestError(
                "Images have no tokens: chat puts them into words first.",
                hint="Send the text of the image instead.",
                param=f"messages[{index}].content[{number}]",
            )
        texts.append(part.text)
    return "".join(texts)
