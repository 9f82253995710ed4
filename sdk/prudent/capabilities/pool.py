"""Loaded chat models by name: loads on demand, counts who uses them, frees the idle ones.

One load at a time for a model, whoever asks; a model in use is never freed. All state belongs to one event
loop; the work (fetching, compiling, loading, freeing) runs in threads. Knows no request.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.listing import describe_model
from prudent.capabilities.loading import LoadOptions, load_chat_model
from prudent.capabilities.offload import in_background, offload
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.catalog import Catalog, ModelEntry
from prudent.errors import InvalidRequestError, ServiceUnavailableError
from prudent.types.models import Model
from prudent.types.progress import ProgressListener


@dataclass(eq=False)
class _Place:
    """A model that is loading or loaded, and how many hold it."""

    loading: asyncio.Task[ChatModel]
    holders: int = 0
    last_used: int = 0

    @property
    def idle(self) -> bool:
        return self.holders == 0 and self.loading.done()


class ModelPool:
    """Models of the catalog. `max_loaded` stay in memory; more only while more are in use at once."""

    def __init__(
        self,
        catalog: Catalog,
        load: Callable[[ModelEntry], ChatModel],
        *,
        max_loaded: int = 1,
        encoder: ToolEncoder | None = None,
    ) -> None:
        """`load` brings a model into memory; it may take minutes and is called in a thread.

        `encoder` is what `load` lends to the models; it is closed with the pool.

        The process may end in the middle of it: what fetching and compiling leave behind then is never taken
        for whole.
        """
        self._catalog = catalog
        self._load = load
        self._max_loaded = max_loaded
        self._encoder = encoder
        self._places: dict[str, _Place] = {}
        self._freeing: set[asyncio.Task[None]] = set()
        self._uses = 0
        self._closed = False

    @classmethod
    def local(
        cls, options: LoadOptions, *, max_loaded: int = 1, progress: ProgressListener | None = None
    ) -> Self:
        """The models of this machine's catalog and store; they share one encoder, if it is here."""
        encoder = ToolEncoder.local()

        def load(entry: ModelEntry) -> ChatModel:
            return load_chat_model(entry, options, progress, encoder)

        return cls(Catalog.load(), load, max_loaded=max_loaded, encoder=encoder)

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncGenerator[ChatModel]:
        """Hold a model for the length of the block, loading it first where needed; see `Models`."""
        entry = self._catalog.get(name)
        if entry.task != "chat":
            raise InvalidRequestError(
                f"{entry.id} is a model for {entry.task}, not for chat.",
                hint="`prudent models list` shows what each is for.",
                param="model",
            )
        place = self._place(entry)
        place.holders += 1
        try:
            # A caller that leaves does not stop the load: others may wait for it, and it is cached.
            yield await asyncio.shield(place.loading)
        finally:
            place.holders -= 1
            self._uses += 1
            place.last_used = self._uses
            self._evict()

    def _place(self, entry: ModelEntry) -> _Place:
        if self._closed:
            raise ServiceUnavailableError("The server is shutting down.")
        place = self._places.get(entry.id)
        if place is None:
            place = self._places[entry.id] = _Place(asyncio.create_task(self._bring(entry)))
            place.loading.add_done_callback(lambda task: self._forget_failed(entry.id, task))
        return place

    async def _bring(self, entry: ModelEntry) -> ChatModel:
        self._evict(room_for=1)
        if self._freeing:
            await asyncio.wait(self._freeing)  # its memory first
        work = in_background(lambda: self._load(entry), name=f"prudent-load-{entry.id}")
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            work.add_done_callback(_discard)
            raise

    def _forget_failed(self, id: str, task: asyncio.Task[ChatModel]) -> None:
        """A load that failed is tried anew by the next request."""
        if task.cancelled() or task.exception() is not None:
            self._places.pop(id, None)

    def _evict(self, *, room_for: int = 0) -> None:
        """Free idle models, the longest unused first, until no more than `max_loaded` would be in memory."""
        loaded = [id for id, place in self._places.items() if place.loading.done()]
        excess = len(loaded) + room_for - self._max_loaded
        idle = sorted(
            (id for id in loaded if self._places[id].idle), key=lambda id: self._places[id].last_used
        )
        for id in idle[: max(0, excess)]:
            model = self._places.pop(id).loading.result()
            task = asyncio.create_task(offload(model.close))
            self._freeing.add(task)
            task.add_done_callback(self._freeing.discard)

    async def list(self) -> list[Model]:
        """The chat models of the catalog, with the state of each."""
        entries = [entry for entry in self._catalog.entries if entry.task == "chat"]
        loaded = [self._loaded(entry) for entry in entries]
        return await offload(lambda: list(map(describe_model, entries, loaded)))

    async def retrieve(self, name: str) -> Model:
        """One model; with its card where it is loaded. Raises ModelNotFoundError."""
        entry = self._catalog.get(name)
        return await offload(describe_model, entry, self._loaded(entry))

    def _loaded(self, entry: ModelEntry) -> ChatModel | None:
        place = self._places.get(entry.id)
        if place is None or not place.loading.done() or place.loading.exception() is not None:
            return None
        return place.loading.result()

    async def close(self) -> None:
        """Free every model. Answers in progress end with ServiceUnavailableError."""
        self._closed = True
        places, self._places = list(self._places.values()), {}
        for place in places:
            # A load cannot be stopped in the middle and is not waited for; what it brings is freed at once.
            place.loading.cancel()
            await asyncio.wait({place.loading})
            if not place.loading.cancelled() and place.loading.exception() is None:
                await offload(place.loading.result().close)
        if self._freeing:
            await asyncio.wait(self._freeing)
        if self._encoder is not None:
            await offload(self._encoder.close)


def _discard(load: concurrent.futures.Future[ChatModel]) -> None:
    """Free a model that nobody waits for any more."""
    if load.exception() is None:
        load.result().close()
