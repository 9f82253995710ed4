"""The checks' models on this machine, each opened when a check first asks for it, and shared by all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from prudent.errors import PrudentError
from prudent_responsible_ai.grounding.reader import Reader
from prudent_responsible_ai.leased_reader import Home, LeasedReader

if TYPE_CHECKING:
    from prudent.capabilities.embeddings import EmbeddingModel
    from prudent_responsible_ai.text_encoder import TextEncoder

RETRY_SECONDS = 60.0
"""How long a model that could not be opened is not tried again: checks must not wait for a dead network."""

ModelT = TypeVar("ModelT")


class _Opened(Generic[ModelT]):
    """One model, or why it is not there."""

    def __init__(self, open_it: Callable[[], ModelT]) -> None:
        self._open = open_it
        self._lock = threading.Lock()
        self._model: ModelT | None = None
        self._failure: PrudentError | None = None
        self._failed_at = 0.0

    def get(self) -> ModelT:
        """The model. Raises PrudentError: it cannot be opened, or could not a moment ago."""
        if self._model is not None:
            return self._model
        with self._lock:
            if self._model is None:
                if self._failure is not None and monotonic() - self._failed_at < RETRY_SECONDS:
                    raise self._failure
                try:
                    self._model = self._open()
                except PrudentError as error:
                    self._failure, self._failed_at = error, monotonic()
                    raise
            return self._model


class LocalSafetyModels:
    """See `setup.SafetyModels`."""

    def __init__(self) -> None:
        self._encoder: _Opened[TextEncoder] = _Opened(_open_encoder)
        self._embedder: _Opened[EmbeddingModel] = _Opened(_open_embedder)
        self._chat: _Opened[Home] = _Opened(_open_chat_models)

    def encoder(self) -> TextEncoder:
        """The checks' encoder; its base is fetched and the whole compiled the first time (some seconds)."""
        return self._encoder.get()

    def embedder(self) -> EmbeddingModel:
        """multilingual-e5-small; fetched and compiled the first time."""
        return self._embedder.get()

    def reader(self, name: str) -> Reader:
        """A chat model that reads, in a pool of the checks' own; a server lends its models in its place."""
        return LeasedReader(self._chat.get, name)


@cache
def shared_models() -> LocalSafetyModels:
    """The models of this process: policies come and go, and the encoder is loaded once."""
    return LocalSafetyModels()


def _open_encoder() -> TextEncoder:
    from prudent_responsible_ai.encoder.loading import open_text_encoder

    return open_text_encoder()


def _open_embedder() -> EmbeddingModel:
    from prudent.capabilities.embeddings import EmbeddingModel

    return EmbeddingModel.load()


def _open_chat_models() -> Home:
    """The chat models of this machine, with the loop of a thread that they live in. None is fetched."""
    from prudent.capabilities.loading import LoadOptions
    from prudent.capabilities.pool import ModelPool

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="prudent-readers", daemon=True).start()
    return ModelPool.local(LoadOptions()), loop
