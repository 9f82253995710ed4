"""One call of the API, stated once: the route serves it and the client calls it from the same object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

RequestT = TypeVar("RequestT", bound=BaseModel | None)
ResponseT = TypeVar("ResponseT", bound=BaseModel)
EventT = TypeVar("EventT", bound=BaseModel | None)


@dataclass(frozen=True, slots=True)
class Operation(Generic[RequestT, ResponseT, EventT]):
    """Method and path of a call, and the types that go in and come out.

    `path` may hold `{name}` fields. `request` is None where the call has no body. `event` is the type of
    one server-sent event where the call can stream, else None.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    request: type[RequestT] | None
    response: type[ResponseT]
    event: type[EventT] | None = None
