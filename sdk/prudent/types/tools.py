"""Tools on the wire, as the OpenAI API has them, plus how sure the choice of a tool was."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel

TOOL_NAME = r"^[a-zA-Z0-9_.-]{1,64}$"
"""OpenAI's rule, and dots: the names of nested modules."""


class FunctionDefinition(RequestModel):
    """A function that the model may ask for.

    `parameters` is a JSON Schema of an object; None means no arguments. Arguments are always valid against
    it; `strict` true also makes a keyword that cannot be enforced an error instead of leaving it out.
    """

    name: str = Field(pattern=TOOL_NAME)
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(RequestModel):
    """A tool; functions are the only kind."""

    type: Literal["function"] = "function"
    function: FunctionDefinition


class NamedFunction(RequestModel):
    """A function by its name."""

    name: str


class NamedToolChoice(RequestModel):
    """This function must be called."""

    type: Literal["function"] = "function"
    function: NamedFunction


ToolChoice = Annotated[
    Literal["none", "auto", "required"] | NamedToolChoice, Field(union_mode="left_to_right")
]
"""none: no call; auto: the model decides; required: at least one call; or a function that must be called."""


class FunctionCallParam(RequestModel):
    """A call that the assistant made earlier in the conversation; `arguments` is JSON text."""

    name: str = Field(min_length=1, max_length=64)
    arguments: str = "{}"


class ToolCallParam(RequestModel):
    """An earlier call with its id, to which a tool message answers.

    `confidence` is taken so that a call can be sent back as it came; it changes nothing.
    """

    id: str = Field(min_length=1, max_length=256)
    type: Literal["function"] = "function"
    function: FunctionCallParam
    confidence: float | None = None


class FunctionCall(ResponseModel):
    """A call that the model asks for; `arguments` is JSON text, valid against the function's schema."""

    name: str
    arguments: str


class ToolCall(ResponseModel):
    """A call with its id. `confidence` (0-1) is the calibrated probability that this tool was meant."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall
    confidence: float | None = None


class FunctionCallDelta(ResponseModel):
    """What is new of a call: the name comes whole and first, the arguments piece by piece."""

    name: str | None = None
    arguments: str | None = None


class ToolCallDelta(ResponseModel):
    """What is new of the `index`-th call; `id`, `type`, name and confidence come with its first delta."""

    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: FunctionCallDelta | None = None
    confidence: float | None = None


class ToolDecision(ResponseModel):
    """How the choice between tools and a plain answer was made.

    `tool` is the first tool called, None for a plain answer. `confidence` (0-1) is the calibrated
    probability that the decision to call, or not to, is right. `scores` holds for each tool its share of
    the choice between the tools.
    """

    tool: str | None = None
    confidence: float
    scores: dict[str, float] = {}
