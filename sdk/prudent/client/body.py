"""Request bodies: what the caller gave as JSON bytes. The server judges them; this only writes them down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel

from prudent.errors import InvalidRequestError


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
        return value.model_dump(mode="json", exclude_none=True)
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
