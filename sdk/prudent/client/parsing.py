"""A pydantic model as the form of an answer, and the answer read as one. Does no I/O.

The schema asks for every field and for no others, as the OpenAI SDK does: a small model is not left to decide
what to leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, TypeVar, cast

import httpx
from pydantic import BaseModel, PydanticUserError, ValidationError

from prudent.client.body import Priority
from prudent.errors import InvalidRequestError, UnreadableAnswerError
from prudent.types.chat import ChatCompletion
from prudent.types.parsed import ParsedChatCompletion
from prudent.types.response_format import JsonSchema, JsonSchemaFormat

ModelT = TypeVar("ModelT", bound=BaseModel)

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]+")
_NAME = 64
_LITERALS = ("const", "enum", "default", "examples")


class ParseParameters(TypedDict, total=False):
    """The parameters of `create` that `parse` has as well."""

    model: str | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    frequency_penalty: float | None
    presence_penalty: float | None
    repetition_penalty: float | None
    seed: int | None
    max_tokens: int | None
    max_completion_tokens: int | None
    n: int | None
    logprobs: bool | None
    top_logprobs: int | None
    logit_bias: Mapping[str, float] | None
    priority: Priority | None
    deadline: float | None
    prompt_cache_key: str | None
    user: str | None
    metadata: Mapping[str, str] | None
    timeout: float | httpx.Timeout | None


def form_of(model: type[BaseModel]) -> JsonSchemaFormat:
    """The response format that makes an answer readable as `model`.

    Raises:
        InvalidRequestError: it is no pydantic model, or one without a JSON Schema.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers need not be checked
        raise InvalidRequestError(
            "response_format must be a pydantic model class.",
            hint="For other forms use create() with a response_format.",
            param="response_format",
        )
    try:
        schema = model.model_json_schema()
    except PydanticUserError as error:
        raise InvalidRequestError(
            f"{model.__name__} has no JSON Schema: {error.message}", param="response_format"
        ) from error
    name = _NOT_IN_NAMES.sub("_", model.__name__)[:_NAME]
    return JsonSchemaFormat(
        json_schema=JsonSchema(name=name, schema=cast("dict[str, Any]", _closed(schema)), strict=True)
    )


def read(completion: ChatCompletion, model: type[ModelT]) -> ParsedChatCompletion[ModelT]:
    """The answer with every choice read; one that a check refused is None.

    Raises:
        UnreadableAnswerError: a choice was cut short, or is not valid by a rule that no schema can state; the
            answer is in `details`.
    """
    data = completion.model_dump()
    for choice, raw in zip(completion.choices, data["choices"], strict=True):
        if choice.finish_reason == "length":
            reason = "length" if choice.incomplete_details is None else choice.incomplete_details.reason
            raise UnreadableAnswerError(
                f"The answer was cut short ({reason}) before it was a whole {model.__name__}.",
                hint="Allow more tokens, or bound texts and lists in the model.",
                details={"completion": completion},
            )
        content = choice.message.content
        if choice.finish_reason == "content_filter" or choice.message.refusal is not None or not content:
            continue
        try:
            raw["message"]["parsed"] = model.model_validate_json(content)
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors()[:3]]
            raise UnreadableAnswerError(
                f"The answer is not a valid {model.__name__} ({'; '.join(problems)}).",
                hint="Rules that only Python knows cannot be enforced while the answer is written.",
                details={"completion": completion},
            ) from None
    return ParsedChatCompletion[model].model_validate(data)


def _closed(schema: object) -> object:
    """Every object of a schema with all its properties required and no others."""
    if isinstance(schema, Mapping):
        copy = {
            key: value if key in _LITERALS else _closed(value)
            for key, value in cast("Mapping[str, object]", schema).items()
        }
        properties = copy.get("properties")
        if copy.get("type") == "object" and isinstance(properties, dict):
            copy.setdefault("additionalProperties", False)
            copy["required"] = list(cast("dict[str, object]", properties))
        return copy
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return [_closed(item) for item in cast("Iterable[object]", schema)]
    return schema
