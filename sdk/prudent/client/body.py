"""Request bodies: what the caller gave as JSON bytes. The server judges them; this only writes them down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, cast

from pydantic import BaseModel

from prudent.errors import InvalidRequestError

Priority = Literal["interactive", "batch", "background"]
"""Who goes first under load."""


class StreamOptionsDict(TypedDict, total=False):
    """Options of a stream as a dictionary."""

    include_usage: bool


def with_model(parameters: Mapping[str, Any], default_model: str | None) -> dict[str, Any]:
    """A method's parameters as those of the request, with the client's model where they name none."""
    own = ("self", "timeout")
    given = {name: value for name, value in parameters.items() if name not in own}
    if given["model"] is None:
        given["model"] = default_model
    return given


def json_body(parameters: Mapping[str, Any]) -> bytes:
    """Write the parameters that were given (not None) as JSON; pydantic models may stand at any depth.

    Raises:
        InvalidRequestError: a value has no JSON form; `param` names it.
    """
    given = {name: _plain(value) for name, value in parameters.items() if value is not None}
    for name, value in given.items():
        try:
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidRequestError(
                f"{name} cannot be written as JSON: {_why(error)}.", param=name
            ) from None
    return json.dumps(given, ensure_ascii=False, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(item) for item in cast("Iterable[Any]", value)]
    return value


def _why(error: Exception) -> str:
    """The reason without the value: it may be personal."""
    if isinstance(error, UnicodeEncodeError):
        return "the text holds half of a surrogate pair"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)
