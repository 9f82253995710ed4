"""A conversation with tools as the model's template takes it: plain roles and texts, in a form of its own.

Calls and results are written as text, alike for every model: an assistant's calls as `<tool_call>` elements,
results as `<tool_response>` elements of a user's message. Qwen's models were trained on this form; to others
it says the same as the words around it. What a message says stays text, so none of it can act as a mark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from prudent.capabilities.prompt import template_messages
from prudent.capabilities.tools.cards import CALL_CLOSING, CALL_OPENING, PreparedTool, tools_prompt
from prudent.types.chat import ChatMessage
from prudent.types.tools import ToolCallParam

_TELL = "Answer the request from this, in plain words and in the language of the request."


def with_tools(messages: Sequence[ChatMessage], tools: Sequence[PreparedTool]) -> list[dict[str, str]]:
    """The conversation with the tools' cards in its system message."""
    plain = in_plain_form(messages)
    system = "" if plain[0]["role"] != "system" else plain.pop(0)["content"] + "\n\n"
    return [{"role": "system", "content": system + tools_prompt(tools)}, *plain]


def in_plain_form(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """The conversation in the roles that every template knows; results that follow each other are one."""
    plain: list[dict[str, str]] = []
    answering = False
    for message, rendered in zip(messages, template_messages(messages), strict=True):
        text = rendered["content"]
        if message.role == "tool":
            result = f"<tool_response>\n{text}\n</tool_response>"
            if answering:
                plain[-1]["content"] += f"\n{result}"
            else:
                plain.append({"role": "user", "content": result})
        elif message.tool_calls:
            calls = "\n".join(map(_written, message.tool_calls))
            plain.append({"role": "assistant", "content": f"{text}\n{calls}" if text else calls})
        else:
            plain.append(dict(rendered))
        answering = message.role == "tool"
    return plain


def in_answering_form(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """The conversation for an answer in words: results that came last are told as part of the request.

    A small model that reads a `<tool_response>` last writes it once more (Qwen2.5-Coder-0.5B: six of six);
    what it is told in words it puts into words.
    """
    asked = max((place for place, message in enumerate(messages) if message.role == "user"), default=None)
    if asked is None or messages[-1].role != "tool":
        return in_plain_form(messages)
    since = messages[asked + 1 :]
    if not all(message.role == "tool" or message.tool_calls for message in since):
        return in_plain_form(messages)
    called = {call.id: call.function for message in since for call in message.tool_calls or ()}
    told = [
        f"The function {called[message.tool_call_id].name} was called with "
        f"{called[message.tool_call_id].arguments} and returned:\n{rendered['content']}"
        for message, rendered in zip(since, template_messages(since), strict=True)
        if message.role == "tool" and message.tool_call_id in called
    ]
    plain = in_plain_form(messages[: asked + 1])
    plain[-1]["content"] = "\n\n".join([plain[-1]["content"], *told, _TELL])
    return plain


def uses_tools(messages: Sequence[ChatMessage]) -> bool:
    """Whether a conversation has calls or results in it."""
    return any(message.role == "tool" or message.tool_calls for message in messages)


def request_text(messages: Sequence[ChatMessage]) -> str:
    """What the user asked last."""
    asked = [rendered for rendered in template_messages(messages) if rendered["role"] == "user"]
    return asked[-1]["content"] if asked else ""


def spoken_text(messages: Sequence[ChatMessage]) -> str:
    """Everything that arguments may be taken from: what the user said and what tools returned."""
    texts = [m["content"] for m in template_messages(messages) if m["role"] in ("user", "tool")]
    return "\n".join(texts)


def calls_since_request(messages: Sequence[ChatMessage]) -> list[tuple[str, Mapping[str, object]]]:
    """The calls that were made since the user last spoke, with their arguments as far as they are JSON."""
    made: list[tuple[str, Mapping[str, object]]] = []
    for message in messages:
        if message.role == "user":
            made.clear()
        made += [(call.function.name, _arguments(call)) for call in message.tool_calls or ()]
    return made


def _written(call: ToolCallParam) -> str:
    name = json.dumps(call.function.name, ensure_ascii=False)
    return f'{CALL_OPENING}\n{{"name": {name}, "arguments": {call.function.arguments}}}\n{CALL_CLOSING}'


def _arguments(call: ToolCallParam) -> Mapping[str, object]:
    try:
        value: object = json.loads(call.function.arguments)
    except ValueError:
        return {}
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
