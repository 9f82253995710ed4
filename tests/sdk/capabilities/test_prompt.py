"""Messages of the API as a chat template takes them."""

from __future__ import annotations

import pytest

from prudent.capabilities.prompt import template_messages
from prudent.errors import InvalidRequestError
from prudent.types.chat import ChatMessage
from prudent.types.content import ImagePart, ImageUrl, Source, TextPart


def test_developer_is_the_newer_name_of_system() -> None:
    messages = [
        *(ChatMessage(role=role, content=role) for role in ("developer", "system", "user", "assistant")),
        ChatMessage(role="tool", content="tool", tool_call_id="call_1"),
    ]
    roles = [message["role"] for message in template_messages(messages)]
    assert roles == ["system", "system", "user", "assistant", "tool"]


def test_parts_are_joined_as_they_stand() -> None:
    parts = [TextPart(text="a\n"), TextPart(text=" b", source=Source.DOCUMENT)]
    assert template_messages([ChatMessage(role="user", content=parts)])[0]["content"] == "a\n b"
    assert template_messages([ChatMessage(role="user", content=[])])[0]["content"] == ""


def test_an_image_is_refused_by_its_place() -> None:
    image = ImagePart(type="image_url", image_url=ImageUrl(url="data:image/png;base64,"))
    messages = [
        ChatMessage(role="user", content="a"),
        ChatMessage(role="user", content=[TextPart(text="b"), image]),
    ]
    with pytest.raises(InvalidRequestError) as caught:
        template_messages(messages)
    assert caught.value.param == "messages[1].content[1]"
