"""What form an answer must have. `json_schema` is OpenAI's; regex, choice and lark are ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from prudent.types.base import RequestModel


class TextFormat(RequestModel):
    """Any text."""

    type: Literal["text"] = "text"


class JsonObjectFormat(RequestModel):
    """Any JSON object."""

    type: Literal["json_object"] = "json_object"


class JsonSchema(RequestModel):
    """A schema with a name.

    `strict` (None counts as true) enforces the whole schema, and what cannot be enforced is an error that
    names the keyword. With false such keywords are left to the model.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema", default_factory=dict)
    strict: bool | None = None


class JsonSchemaFormat(RequestModel):
    """JSON that is valid against a schema."""

    type: Literal["json_schema"] = "json_schema"
    json_schema: JsonSchema


class RegexFormat(RequestModel):
    """Text that a regular expression matches as a whole."""

    type: Literal["regex"] = "regex"
    regex: str = Field(min_length=1, max_length=65536)


class ChoiceFormat(RequestModel):
    """One of these texts."""

    type: Literal["choice"] = "choice"
    choices: list[str] = Field(min_length=1, max_length=4096, fail_fast=True)


class LarkFormat(RequestModel):
    """Text of a context-free grammar in llguidance's dialect of Lark."""

    type: Literal["lark"] = "lark"
    grammar: str = Field(min_length=1, max_length=262144)


ResponseFormat = Annotated[
    TextFormat | JsonObjectFormat | JsonSchemaFormat | RegexFormat | ChoiceFormat | LarkFormat,
    Field(discriminator="type"),
]
