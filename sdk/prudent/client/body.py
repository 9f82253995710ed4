"""Request bodies: what the caller gave as JSON bytes. The server judges them; this only writes them down."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypedDict, cast

from pydantic import BaseModel

from prudent.client.exchange import FormBody
from prudent.errors import InvalidRequestError

Priority = Literal["interactive", "batch", "background"]
"""Who goes first under load."""


_Content = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
FileInput = _Content | tuple[str, _Content]
"""A file: its path, its bytes, an open binary file, or one of these with a name."""

_NO_NAME = "file"


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


def form_fields(parameters: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Write the parameters that were given (not None) as the fields of a form, lists as `name[]`."""
    fields: dict[str, str | list[str]] = {}
    for name, value in parameters.items():
        if value is None:
            continue
        if isinstance(value, Iterable) and not isinstance(value, str):
            fields[f"{name}[]"] = [str(item) for item in cast("Iterable[Any]", value)]
        else:
            fields[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return fields


@contextmanager
def multipart_body(parameters: Mapping[str, Any], file: FileInput) -> Generator[FormBody]:
    """A form of the parameters that were given (not None) and a file.

    A path is open for the length of the block.

    Raises:
        InvalidRequestError: there is no such file, or it is none of these.
    """
    fields = form_fields(parameters)
    name, content = file if isinstance(file, tuple) else (None, file)
    if isinstance(content, str | os.PathLike):
        path = Path(content)
        try:
            opened = path.open("rb")
        except OSError as error:
            raise InvalidRequestError(f"{path} cannot be read: {error.strerror}.", param="file") from None
        with opened:
            yield FormBody(fields, name or path.name, opened)
    elif isinstance(content, bytes | bytearray | memoryview):
        yield FormBody(fields, name or _NO_NAME, bytes(content))
    elif callable(getattr(content, "read", None)):
        yield FormBody(fields, name or Path(str(getattr(content, "name", _NO_NAME))).name, content)
    else:
        raise InvalidRequestError(
            "file must be a path, bytes, or a file that was opened in binary mode.", param="file"
        )


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
