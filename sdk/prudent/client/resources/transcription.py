"""`client.audio.transcriptions` and `.translations`: recordings to text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import httpx

from prudent.client.body import FileInput, multipart_body
from prudent.client.connection import AsyncConnection, Connection, parse_reply
from prudent.client.exchange import Reply
from prudent.client.stream import AsyncStream, Stream
from prudent.types.transcription import (
    CREATE_TRANSCRIPTION,
    CREATE_TRANSLATION,
    TimestampGranularity,
    Transcription,
    TranscriptionEvent,
    VerboseTranscription,
)

TextFormat = Literal["text", "srt", "vtt"]
_TEXT_FORMATS = ("text", "srt", "vtt")
_OWN = ("self", "file", "timeout")


def _fields(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in _OWN}


def _read(reply: Reply, response_format: str | None) -> Transcription | str:
    """The answer in the form that was asked for."""
    if response_format in _TEXT_FORMATS:
        return reply.body.decode("utf-8", "replace")
    return parse_reply(reply, VerboseTranscription if response_format == "verbose_json" else Transcription)


class Transcriptions:
    """Recordings written down in the language that is spoken."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json"] | None = None,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[False] = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription: ...

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["verbose_json"],
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[False] = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> VerboseTranscription: ...

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: TextFormat,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[False] = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> str: ...

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json", "verbose_json"] | None = None,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[True],
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Stream[TranscriptionEvent]: ...

    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json", "verbose_json", "text", "srt", "vtt"] | None = None,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: bool = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription | str | Stream[TranscriptionEvent]:
        """Write a recording down: whole, or text by text with `stream=True`.

        `file` is a path, bytes, or an open binary file. Without `model` the server's default hears 99
        languages; without `language` it finds out which. Formats other than JSON come as text.

        Raises:
            UnsupportedMediaError: the file is not sound in a format that the server reads.
            InvalidRequestError: the file is empty or damaged, or a parameter is wrong; `param` names it.
            RequestTooLargeError: the file or the recording is longer than the server accepts.
            ContentFilterError: a check refused the prompt, or what was said.
            ModelNotFoundError: no model has this name.
        """
        with multipart_body(_fields(dict(locals())), file) as body:
            if stream:
                return self._connection.stream(CREATE_TRANSCRIPTION, body, timeout=timeout)
            reply = self._connection.reply(CREATE_TRANSCRIPTION, body, timeout=timeout)
        return _read(reply, response_format)


class Translations:
    """Recordings written down in English, whatever is spoken."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json"] | None = None,
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription: ...

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: Literal["verbose_json"],
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> VerboseTranscription: ...

    @overload
    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: TextFormat,
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> str: ...

    def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json", "verbose_json", "text", "srt", "vtt"] | None = None,
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription | str:
        """Write a recording down in English. Parameters and errors are those of transcriptions."""
        with multipart_body(_fields(dict(locals())), file) as body:
            reply = self._connection.reply(CREATE_TRANSLATION, body, timeout=timeout)
        return _read(reply, response_format)


class AsyncTranscriptions:
    """Recordings written down in the language that is spoken."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json"] | None = None,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[False] = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription: ...

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["verbose_json"],
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[False] = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> VerboseTranscription: ...

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: TextFormat,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[False] = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> str: ...

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json", "verbose_json"] | None = None,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: Literal[True],
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> AsyncStream[TranscriptionEvent]: ...

    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json", "verbose_json", "text", "srt", "vtt"] | None = None,
        temperature: float | None = None,
        timestamp_granularities: Sequence[TimestampGranularity] | None = None,
        stream: bool = False,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription | str | AsyncStream[TranscriptionEvent]:
        """Write a recording down: whole, or text by text with `stream=True`.

        `file` is a path, bytes, or an open binary file. Without `model` the server's default hears 99
        languages; without `language` it finds out which. Formats other than JSON come as text.

        Raises:
            UnsupportedMediaError: the file is not sound in a format that the server reads.
            InvalidRequestError: the file is empty or damaged, or a parameter is wrong; `param` names it.
            RequestTooLargeError: the file or the recording is longer than the server accepts.
            ContentFilterError: a check refused the prompt, or what was said.
            ModelNotFoundError: no model has this name.
        """
        with multipart_body(_fields(dict(locals())), file) as body:
            if stream:
                return await self._connection.stream(CREATE_TRANSCRIPTION, body, timeout=timeout)
            reply = await self._connection.reply(CREATE_TRANSCRIPTION, body, timeout=timeout)
        return _read(reply, response_format)


class AsyncTranslations:
    """Recordings written down in English, whatever is spoken."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json"] | None = None,
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription: ...

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: Literal["verbose_json"],
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> VerboseTranscription: ...

    @overload
    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: TextFormat,
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> str: ...

    async def create(
        self,
        *,
        file: FileInput,
        model: str | None = None,
        prompt: str | None = None,
        response_format: Literal["json", "verbose_json", "text", "srt", "vtt"] | None = None,
        temperature: float | None = None,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Transcription | str:
        """Write a recording down in English. Parameters and errors are those of transcriptions."""
        with multipart_body(_fields(dict(locals())), file) as body:
            reply = await self._connection.reply(CREATE_TRANSLATION, body, timeout=timeout)
        return _read(reply, response_format)
