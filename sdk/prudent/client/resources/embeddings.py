"""`client.embeddings`: texts to vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from prudent.client.body import json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.types.embeddings import CREATE_EMBEDDING, EmbeddingList, EncodingFormat, InputType

_COMPACT: EncodingFormat = "base64"
"""How vectors travel where the caller does not say: a third of the bytes, and exact."""


class Embeddings:
    """Vectors of texts: near each other where the texts mean the same."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        input: str | Sequence[str],
        model: str | None = None,
        input_type: InputType | None = None,
        dimensions: int | None = None,
        truncate: bool | None = None,
        encoding_format: EncodingFormat | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> EmbeddingList:
        """A vector for each text (up to 2,048), each of length 1; the product of two is their cosine.

        `input_type` is `query` for a question and `passage` for what may answer it; without it all texts are
        queries, which is right where texts of one kind are compared. `dimensions` keeps that many numbers.
        `truncate` cuts texts that are too long. Vectors are numbers unless `encoding_format` is `base64`.

        Raises:
            ContextLengthError: a text is too long (512 tokens); `param` names it.
            ContentFilterError: a check refused a text.
            InvalidRequestError: no text, an empty one, or more dimensions than the model has.
        """
        fields = _fields(dict(locals()))
        answer = self._connection.call(CREATE_EMBEDDING, json_body(fields), timeout=timeout)
        return answer if encoding_format == "base64" else _as_numbers(answer)


class AsyncEmbeddings:
    """Vectors of texts: near each other where the texts mean the same."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        input: str | Sequence[str],
        model: str | None = None,
        input_type: InputType | None = None,
        dimensions: int | None = None,
        truncate: bool | None = None,
        encoding_format: EncodingFormat | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> EmbeddingList:
        """A vector for each text (up to 2,048), each of length 1; the product of two is their cosine.

        `input_type` is `query` for a question and `passage` for what may answer it; without it all texts are
        queries, which is right where texts of one kind are compared. `dimensions` keeps that many numbers.
        `truncate` cuts texts that are too long. Vectors are numbers unless `encoding_format` is `base64`.

        Raises:
            ContextLengthError: a text is too long (512 tokens); `param` names it.
            ContentFilterError: a check refused a text.
            InvalidRequestError: no text, an empty one, or more dimensions than the model has.
        """
        fields = _fields(dict(locals()))
        answer = await self._connection.call(CREATE_EMBEDDING, json_body(fields), timeout=timeout)
        return answer if encoding_format == "base64" else _as_numbers(answer)


def _fields(parameters: dict[str, Any]) -> dict[str, Any]:
    """The call's parameters as the request's; the client's own `model` is for text and does not apply."""
    fields = {name: value for name, value in parameters.items() if name not in ("self", "timeout")}
    return fields | {"encoding_format": fields["encoding_format"] or _COMPACT}


def _as_numbers(answer: EmbeddingList) -> EmbeddingList:
    data = [one.model_copy(update={"embedding": one.vector}) for one in answer.data]
    return answer.model_copy(update={"data": data})
