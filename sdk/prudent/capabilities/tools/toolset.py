"""What a request says of tools, checked and ready: which there are, whether one must be called, and how many.

Knows the wire's types; no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.schema import parameters_of
from prudent.capabilities.tools.value_grammar import value_grammar
from prudent.errors import GrammarError, InvalidRequestError
from prudent.types.chat import ChatCompletionRequest, ChatMessage
from prudent.types.tools import NamedToolChoice, Tool

MOST_CALLS = 16


@dataclass(frozen=True, slots=True)
class ToolSet:
    """`tools` may be called; `mode` auto leaves it to the evidence whether one is, required does not.

    At most `most_calls` are made in one turn.
    """

    tools: tuple[PreparedTool, ...]
    mode: Literal["auto", "required"]
    most_calls: int


def toolset_of(request: ChatCompletionRequest) -> ToolSet | None:
    """The tools that may be called in answer to a request; None where none may.

    Raises:
        InvalidRequestError: names are given twice, the choice names no tool, or a tool message answers no
            call; `param` names the field.
        GrammarError: a schema is wrong or cannot be enforced.
    """
    check_answers(request.messages)
    tools = request.tools or []
    choice = request.tool_choice
    if not tools:
        if choice not in (None, "none", "auto"):
            raise InvalidRequestError(
                "tool_choice asks for a call, and there are no tools.",
                hint="Give `tools`.",
                param="tool_choice",
            )
        return None
    prepared = prepared_tools(tools)
    if isinstance(choice, NamedToolChoice):
        prepared = tuple(tool for tool in prepared if tool.name == choice.function.name)
        if not prepared:
            raise InvalidRequestError(
                f"tool_choice names {choice.function.name!r}, which is none of the tools.",
                param="tool_choice",
            )
    if choice == "none":
        return None
    if request.n > 1:
        raise InvalidRequestError(
            "With tools there is one choice.", hint="Leave `n` out, or send the request again.", param="n"
        )
    one = isinstance(choice, NamedToolChoice) or request.parallel_tool_calls is False
    return ToolSet(prepared, "auto" if choice in (None, "auto") else "required", 1 if one else MOST_CALLS)


def prepared_tools(tools: Sequence[Tool]) -> tuple[PreparedTool, ...]:
    """Tools read and ready.

    Raises:
        InvalidRequestError: two have one name.
        GrammarError: a schema is wrong or cannot be enforced; `param` names the tool's.
    """
    _check_names(tools)
    return tuple(_prepared(tool, index) for index, tool in enumerate(tools))


def _check_names(tools: Sequence[Tool]) -> None:
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        if tool.function.name in seen:
            raise InvalidRequestError(
                f"Two tools have the name {tool.function.name!r}.", param=f"tools[{index}].function.name"
            )
        seen.add(tool.function.name)


def _prepared(tool: Tool, index: int) -> PreparedTool:
    function = tool.function
    where = f"tools[{index}].function.parameters"
    try:
        parameters = parameters_of(function.parameters, strict=function.strict is True)
        for argument in parameters.arguments:
            value_grammar(argument.enforced, ())
    except GrammarError as error:
        error.message = f"The tool {function.name!r}: {error.message}"
        error.param = where
        raise
    return PreparedTool(function.name, function.description or "", parameters)


def check_answers(messages: list[ChatMessage]) -> None:
    """Each tool message must answer a call that was made before it, and each call be answered once."""
    asked: set[str] = set()
    for index, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in asked:
                raise InvalidRequestError(
                    f"Message {index} answers a tool call that is not above it, or was answered already.",
                    hint="Its tool_call_id must be that of a call in an assistant message above.",
                    param=f"messages[{index}].tool_call_id",
                )
            asked.discard(message.tool_call_id)
        for call in message.tool_calls or ():
            if call.id in asked:
                raise InvalidRequestError(
                    f"Message {index} has a tool call with an id that another unanswered call has.",
                    param=f"messages[{index}].tool_calls",
                )
            asked.add(call.id)
