"""Parts of content as callers give them (files, pixels, plain texts) as those of a request."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast

from prudent.client.body import FileInput, multipart_body
from prudent.client.image_input import as_reference
from prudent.errors import InvalidRequestError, RequestTooLargeError

MOST_SOUND_BYTES = 64 * 2**20
"""Of a recording or a file that travels in a body; longer ones are for `client.audio.transcriptions`."""


def as_parts(given: object) -> Any:
    """The parts as they travel: files of `image` and `audio` are read here, a bare text is the user's.

    Raises:
        InvalidRequestError: there is no such file; `param` names the part.
        RequestTooLargeError: a file is too large.
    """
    if isinstance(given, str) or not isinstance(given, Sequence):
        return given
    return [_part(part, index) for index, part in enumerate(cast("Sequence[object]", given))]


def as_attached(file: FileInput) -> dict[str, str]:
    """A file with its name, as it goes with the goal of an agent.

    Raises:
        InvalidRequestError: there is no such file, or it is none.
        RequestTooLargeError: it is too large.
    """
    with multipart_body({}, file) as form:
        data = form.content if isinstance(form.content, bytes) else _read(form.content)
        return {"name": form.name, "data": base64.b64encode(data).decode("ascii")}


def _part(part: object, index: int) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        return part
    fields = cast("Mapping[str, Any]", part)
    try:
        if set(fields) == {"image"}:
            return {"type": "image_url", "image_url": {"url": as_reference(fields["image"]).url}}
        if set(fields) == {"audio"}:
            return {"type": "input_audio", "input_audio": {"data": _sound(fields["audio"])}}
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message, hint=error.hint, param=f"input[{index}]") from None
    return fields


def _sound(sound: Any) -> str:
    """A recording's bytes as base64."""
    with multipart_body({}, sound) as form:
        data = form.content if isinstance(form.content, bytes) else _read(form.content)
    return base64.b64encode(data).decode("ascii")


def _read(file: BinaryIO) -> bytes:
    data = file.read(MOST_SOUND_BYTES + 1)
    if len(data) > MOST_SOUND_BYTES:
        raise RequestTooLargeError(
            f"The file has more than {MOST_SOUND_BYTES >> 20} MiB.",
            hint="Of a recording: client.audio.transcriptions sends it piece by piece.",
            param="input",
        )
    return data
