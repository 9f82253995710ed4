"""The client's calls from a thread that may block, whichever client it is. Knows no knowledge and no memory.

An AsyncClient belongs to the loop that it is used in: its calls are handed to that loop and waited for, so
that work that goes through many files is written once.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from prudent.errors import ConfigurationError
from prudent.types.chat import ChatCompletion
from prudent.types.content import Source
from prudent.types.reading import ReadText
from prudent.types.safety_check import SafetyCheck
from prudent.types.transcription import VerboseTranscription

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from prudent.client import AsyncClient, Client

T = TypeVar("T")


class Senses:
    """What can be had from a client: vectors, texts in images and recordings, verdicts."""

    def __init__(self, client: Client | AsyncClient, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """`loop` is that of an AsyncClient; the thread that calls must be another than the loop's."""
        self._client = client
        self._loop = loop

    def embed(
        self, texts: Sequence[str], kind: Literal["query", "passage"], model: str
    ) -> NDArray[np.float32]:
        """A vector of length 1 for each text: float32 (texts, size). What is too long loses its end."""
        import numpy as np

        answer = self._waited(
            self._client.embeddings.create(
                input=list(texts), model=model, input_type=kind, truncate=True, encoding_format="base64"
            )
        )
        rows = [base64.b64decode(cast("str", one.embedding)) for one in answer.data]
        return np.frombuffer(b"".join(rows), "<f4").reshape(len(rows), -1)

    def read(self, file: Path, pages: Sequence[int] | None = None) -> ReadText:
        """The text in an image, or in some pages of a PDF."""
        return self._waited(self._client.vision.read(file, pages=pages))

    def transcribe(self, file: Path) -> VerboseTranscription:
        """What is said in a recording, with times."""
        call = self._client.audio.transcriptions.create(file=file, response_format="verbose_json")
        return cast("VerboseTranscription", self._waited(cast("Any", call)))

    def check(self, texts: Sequence[str], source: Source) -> SafetyCheck:
        """What the checks say of texts."""
        parts = [{"text": text, "source": source} for text in texts]
        return self._waited(self._client.safety.check(parts))

    def count(self, text: str, model: str | None) -> int:
        """How many tokens a text has."""
        return self._waited(self._client.tokens.encode(text, model=model, add_special_tokens=False)).count

    def count_messages(self, messages: Sequence[Mapping[str, Any]], model: str | None) -> int:
        """How many tokens messages have as the model reads them."""
        return self._waited(self._client.tokens.encode(messages=messages, model=model)).count

    def say(self, messages: Sequence[Mapping[str, Any]], *, model: str | None, max_tokens: int) -> str:
        """What the model says, at temperature 0."""
        call = self._client.chat.completions.create(
            messages=messages, model=model, max_tokens=max_tokens, temperature=0
        )
        return cast("ChatCompletion", self._waited(cast("Any", call))).text

    def _waited(self, given: T | Coroutine[Any, Any, T]) -> T:
        if not asyncio.iscoroutine(given):
            return cast("T", given)
        coroutine = cast("Coroutine[Any, Any, T]", given)
        if self._loop is None:
            coroutine.close()
            raise ConfigurationError(
                "An AsyncClient cannot be waited for here.", hint="Await the method that ends in _async."
            )
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
