"""What a route asks for: the guard, the request's id, its body. Knows no capability."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import HTTPConnection

from prudent.capabilities.offload import offload
from prudent.errors import InvalidRequestError
from prudent.server.guard import Guard
from prudent.server.inspection import Asked
from prudent.server.parsing import parse_body
from prudent.server.settings import Settings

RequestT = TypeVar("RequestT", bound=BaseModel)

SMALL_BODY = 2**16
"""Bytes that are parsed in the event loop; more of them would let other requests wait."""

SCHEMAS = "#/components/schemas/{model}"


def get_guard(connection: HTTPConnection) -> Guard:
    """The one way to a model."""
    return cast("Guard", connection.app.state.guard)


def get_settings(connection: HTTPConnection) -> Settings:
    """The settings of this server."""
    return cast("Settings", connection.app.state.settings)


def get_asked(connection: HTTPConnection) -> Asked:
    """Who asks: the id that the boundary gave this request, and that of its key where keys are needed."""
    return Asked(
        cast("str", connection.state.request_id), cast("str", getattr(connection.state, "key_id", ""))
    )


async def read_json(request: Request, kind: type[RequestT], *, unsupported: Collection[str] = ()) -> RequestT:
    """Read the body as a request model.

    A body that does not say it is JSON is refused: a web page may post text or a form to any server
    without asking first, but not JSON.

    Raises:
        InvalidRequestError: wrong type of content, or a body that is wrong; `param` names the field.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise InvalidRequestError(
            "The body must be JSON.", hint="Send the header `Content-Type: application/json`."
        )
    body = await request.body()
    if len(body) > SMALL_BODY:
        return await offload(parse_body, kind, body, unsupported=unsupported)
    return parse_body(kind, body, unsupported=unsupported)


def documented_body(kind: type[BaseModel]) -> dict[str, Any]:
    """What /openapi.json says of a body that the route reads itself."""
    schema = {"$ref": SCHEMAS.format(model=kind.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def documented_form(kind: type[BaseModel]) -> dict[str, Any]:
    """What /openapi.json says of a form with a file that the route reads itself."""
    file = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    schema = {"allOf": [{**file, "required": ["file"]}, {"$ref": SCHEMAS.format(model=kind.__name__)}]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def body_schemas(kinds: Collection[type[BaseModel]]) -> dict[str, Any]:
    """The schemas that `documented_body` refers to."""
    _, definitions = models_json_schema([(kind, "validation") for kind in kinds], ref_template=SCHEMAS)
    return definitions.get("$defs", {})
