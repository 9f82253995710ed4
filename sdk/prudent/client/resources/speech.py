"""`client.audio.speech`: text to sound."""

from __future__ import annotations

from typing import Any

import httpx

from prudent.client.body import json_body
from prudent.client.byte_stream import AsyncByteStream, BinaryContent, ByteStream
from prudent.client.connection import AsyncConnection, Connection
from prudent.types.speech import CREATE_SPEECH, SpeechFormat

_OWN = ("self", "timeout")


def _parameters(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in _OWN}


class Speech:
    """Texts spoken."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        input: str,
        model: str | None = None,
        voice: str | None = None,
        response_format: SpeechFormat | None = None,
        speed: float | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> BinaryContent:
        """Speak a text of up to 4,096 characters; what is returned has `content` and `write_to_file`.

        `voice` names a voice of the model; it may be left out. `response_format` is mp3 unless said
        otherwise, `pcm` 16-bit little-endian mono at 24 kHz. `speed` goes from 0.25 to 4.

        Raises:
            InvalidRequestError: a parameter is wrong, or the text has nothing that this voice can say.
            ContentFilterError: a check refused the text; `details` holds the verdicts.
            ModelNotFoundError: no model has this name.
            ConfigurationError: the server lacks espeak-ng (extra `speech`).
        """
        body = json_body(_parameters(dict(locals())))
        reply = self._connection.reply(CREATE_SPEECH, body, timeout=timeout)
        return BinaryContent(reply.body, reply.headers)

    def stream(
        self,
        *,
        input: str,
        model: str | None = None,
        voice: str | None = None,
        response_format: SpeechFormat | None = None,
        speed: float | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ByteStream:
        """As `create`, in pieces as they are made: the first comes after half a second of the sound is there.

        Use it as a context manager, and iterate over it or over `iter_bytes()`.
        """
        parameters = _parameters(dict(locals()))
        body = json_body({**parameters, "stream_format": "audio"})
        return self._connection.stream_bytes(CREATE_SPEECH, body, timeout=timeout)


class AsyncSpeech:
    """Texts spoken."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        input: str,
        model: str | None = None,
        voice: str | None = None,
        response_format: SpeechFormat | None = None,
        speed: float | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> BinaryContent:
        """Speak a text of up to 4,096 characters; what is returned has `content` and `write_to_file`.

        `voice` names a voice of the model; it may be left out. `response_format` is mp3 unless said
        otherwise, `pcm` 16-bit little-endian mono at 24 kHz. `speed` goes from 0.25 to 4.

        Raises:
            InvalidRequestError: a parameter is wrong, or the text has nothing that this voice can say.
            ContentFilterError: a check refused the text; `details` holds the verdicts.
            ModelNotFoundError: no model has this name.
            ConfigurationError: the server lacks espeak-ng (extra `speech`).
        """
        body = json_body(_parameters(dict(locals())))
        reply = await self._connection.reply(CREATE_SPEECH, body, timeout=timeout)
        return BinaryContent(reply.body, reply.headers)

    async def stream(
        self,
        *,
        input: str,
        model: str | None = None,
        voice: str | None = None,
        response_format: SpeechFormat | None = None,
        speed: float | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> AsyncByteStream:
        """As `create`, in pieces as they are made: the first comes after half a second of the sound is there.

        Use it as a context manager, and iterate over it or over `iter_bytes()`.
        """
        parameters = _parameters(dict(locals()))
        body = json_body({**parameters, "stream_format": "audio"})
        return await self._connection.stream_bytes(CREATE_SPEECH, body, timeout=timeout)
