"""A body's bytes as a request model, strictly, or an error that names the field. Knows no capability.

Nothing is coerced ("5" is not 5), nothing unknown is ignored, and a key may stand only once: two readers
of one body must not see two requests. A top-level null stands for an absent parameter, as in OpenAI's API.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NoReturn, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from prudent.errors import InvalidRequestError

RequestT = TypeVar("RequestT", bound=BaseModel)

_LONGEST_NAME = 64
_MOST_KEYS = 4096
"""Of one object: every unknown key is a finding of the validator's, and findings take memory."""


def parse_body(kind: type[RequestT], body: bytes, *, unsupported: Collection[str] = ()) -> RequestT:
    """Read a request.

    Args:
        kind: what the body should be.
        body: the bytes as they came.
        unsupported: names that other servers know, to say "not supported" rather than "unknown".

    Raises:
        InvalidRequestError: `param` is the path of the first field that is wrong.
    """
    data = _parse_json(body)
    if not isinstance(data, dict):
        raise InvalidRequestError("The body must be a JSON object.")
    fields = cast("dict[str, Any]", data)
    if None in fields.values():
        fields = {name: value for name, value in fields.items() if value is not None}
        body = json.dumps(fields).encode()
    _refuse(fields, unsupported)
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _explain(found, fields, unsupported) from None


def parse_fields(
    kind: type[RequestT], fields: dict[str, Any], *, unsupported: Collection[str] = ()
) -> RequestT:
    """Read a request from the fields of a form, which are texts (or lists of them): "0.5" is a number here.

    Raises:
        InvalidRequestError: `param` is the path of the first field that is wrong.
    """
    _refuse(fields, unsupported)
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _explain(found, fields, unsupported) from None


def _refuse(fields: dict[str, Any], unsupported: Collection[str]) -> None:
    refused = next((name for name in fields if name in unsupported), None)
    if refused is not None:
        raise InvalidRequestError(f"{refused} is not supported yet.", hint="Leave it out.", param=refused)


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"The body is not UTF-8: byte {error.start} is wrong.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise InvalidRequestError(f"The body is not JSON: {error.msg} at {where}.") from None
    except RecursionError:
        raise InvalidRequestError("The body is nested too deeply.") from None
    except ValueError:  # the interpreter's limit on the digits of an integer
        raise InvalidRequestError("The body holds a number with too many digits.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MOST_KEYS:
        raise InvalidRequestError(f"An object in the body has more than {_MOST_KEYS} keys.")
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidRequestError(
                    f"The key {_shown(name)} stands twice in one object.", param=name[:64]
                )
            seen.add(name)
    return fields


def _no_constant(name: str) -> NoReturn:
    raise InvalidRequestError(f"The body is not JSON: {name} is not a JSON number.")


def _explain(
    found: list[ErrorDetails], data: dict[str, Any], unsupported: Collection[str]
) -> InvalidRequestError:
    """Turn pydantic's findings into one line about the first wrong field.

    Where a value may be of several types, pydantic reports a finding for each; the deepest one under the
    first is of the type that was meant.
    """
    paths = [_path(error["loc"], data) for error in found]
    under_first = [i for i, path in enumerate(paths) if path[: len(paths[0])] == paths[0]]
    chosen = max(under_first, key=lambda i: len(paths[i]))
    path, error = paths[chosen], found[chosen]
    param = _written(path)
    if error["type"] == "json_invalid":  # what the stricter parser refuses: half a surrogate pair
        return InvalidRequestError("The body is not JSON: a \\u escape is half of a surrogate pair.")
    if error["type"] == "extra_forbidden":
        name = str(path[-1])
        if name in unsupported:
            return InvalidRequestError(f"{param} is not supported yet.", hint="Leave it out.", param=param)
        return InvalidRequestError(f"Unknown parameter {_shown(param)}.", param=param)
    if error["type"] == "missing":
        return InvalidRequestError(f"{param} is missing.", param=param)
    same_place = dict.fromkeys(found[i]["msg"] for i, other in enumerate(paths) if other == path)
    reason = " or ".join(message.removeprefix("Value error, ") for message in same_place)
    prefix = f"{param}: " if param else ""
    return InvalidRequestError(f"{prefix}{reason}.", param=param or None)


def _path(loc: tuple[int | str, ...], data: Any) -> list[int | str]:
    """The part of a pydantic location that is in the data; the rest names branches of unions."""
    path: list[int | str] = []
    for position, step in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(data, dict):
            fields = cast("dict[str, Any]", data)
            if not last and (fields.get("type") == step or _is_tag(step, loc[position + 1], fields)):
                continue  # the tag of a discriminated union
            if step in fields:
                data = fields[str(step)]
            elif not last:
                continue
            path.append(step)
        elif isinstance(data, list) and isinstance(step, int):
            items = cast("list[Any]", data)
            data = items[step] if step < len(items) else None
            path.append(step)
    return path


def _is_tag(step: int | str, following: int | str, fields: dict[str, Any]) -> bool:
    """Whether a step that is a key too is the tag all the same: its value has nothing in it to go on to."""
    value = fields.get(str(step), {})
    return not isinstance(value, (dict, list)) and following in fields


def _written(path: list[int | str]) -> str:
    """A path as OpenAI writes it: messages[0].content."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step[:_LONGEST_NAME]}" if text else step[:_LONGEST_NAME]
    return text


def _shown(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")
