"""A form with one file (multipart/form-data) as a request model and the file. Knows no capability.

The file is never whole in memory: beyond a megabyte it lies in a temporary file without a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, Generic, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from prudent.errors import InvalidRequestError
from prudent.server.boundary import FORM
from prudent.server.parsing import parse_fields

RequestT = TypeVar("RequestT", bound=BaseModel)

FILE = "file"
"""The field that holds the file."""

_MOST_FIELDS = 64
_LONGEST_FIELD = 2**16
_LONGEST_NAME = 100
_LIST = "[]"


@dataclass(frozen=True, slots=True)
class Form(Generic[RequestT]):
    """A form that was read. `name` is the file's, fit to be shown."""

    fields: RequestT
    file: BinaryIO
    name: str
    _data: FormData

    async def close(self) -> None:
        """Let go of the file."""
        await self._data.close()


async def read_form(
    request: Request, kind: type[RequestT], *, unsupported: Collection[str] = ()
) -> Form[RequestT]:
    """Read the body as a form with one file; close it in the end.

    Raises:
        InvalidRequestError: it is no such form, or a field is wrong; `param` names it.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise InvalidRequestError(
            "The body must be a form with a file.", hint=f"Send it as `Content-Type: {FORM}`."
        )
    try:
        data = await request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD)
    except HTTPException as error:
        raise InvalidRequestError(f"The form cannot be read: {error.detail}") from None
    try:
        file = data.get(FILE)
        if not isinstance(file, UploadFile):
            raise InvalidRequestError(f"{FILE} is missing: the form has no file of that name.", param=FILE)
        fields = parse_fields(kind, _fields(data.multi_items()), unsupported=unsupported)
        return Form(fields, file.file, _shown(file.filename), data)
    except BaseException:
        await data.close()
        raise


def _fields(items: Iterable[tuple[str, UploadFile | str]]) -> dict[str, Any]:
    """The fields but the file. `name[]` is an item of a list; what is empty is absent."""
    fields: dict[str, Any] = {}
    for given, value in items:
        if given == FILE or value == "":
            continue
        name = given.removesuffix(_LIST)
        if not isinstance(value, str):
            raise InvalidRequestError(f"{name[:_LONGEST_NAME]} is no file.", param=name[:_LONGEST_NAME])
        known = fields.setdefault(name, [] if given.endswith(_LIST) else None)
        if isinstance(known, list) and given.endswith(_LIST):
            cast("list[str]", known).append(value)
        elif known is None:
            fields[name] = value
        else:
            raise InvalidRequestError(f"{name[:_LONGEST_NAME]} stands twice.", param=name[:_LONGEST_NAME])
    return fields


def _shown(name: str | None) -> str:
    """A file's name without its folders and without what would spoil a line of text."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in last if letter.isprintable())
    return printable[:_LONGEST_NAME] or "The file"
