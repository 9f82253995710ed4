"""Loaded models of every kind by name: loads on demand, counts who uses them, frees the idle ones.

One load at a time for a model, whoever asks; a model in use is never freed. All state belongs to one event
loop; the work (fetching, compiling, loading, freeing) runs in threads. Knows no request.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self, cast

from prudent.capabilities.interface import TEXT, Capability, ModelT
from prudent.capabilities.listing import describe_model
from prudent.capabilities.loading import LoadedModel, Loader, LoadOptions, local_loaders
from prudent.capabilities.offload import in_background, offload
from prudent.capabilities.shared_encoders import SharedEncoders
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.catalog import Catalog, ModelEntry
from prudent.catalog.entry import Task
from prudent.errors import InvalidRequestError, ServiceUnavailableError
from prudent.types.models import Model
from prudent.types.progress import ProgressListener

DEFAULT_BUDGET = 2 * 2**30
"""Bytes of weights that stay in memory: the default chat model beside those of all other capabilities."""


@dataclass(eq=False)
class _Place:
    """A model that is loading or loaded, and how many hold it."""

    loading: asyncio.Task[LoadedModel]
    bytes: int
    holders: int = 0
    last_used: int = 0

    @property
    def idle(self) -> bool:
        return self.holders == 0 and self.loading.done()


class ModelPool:
    """Models of the catalog. Idle ones are freed, the longest unused first, while the weights of all are over
    the budget; a model that is in use, or pinned, stays whatever the budget says.
    """

    def __init__(
        self,
        catalog: Catalog,
        loaders: Mapping[Task, Loader],
        *,
        budget: int = DEFAULT_BUDGET,
        pinned: Collection[str] = (),
        encoder: ToolEncoder | None = None,
    ) -> None:
        """`loaders` bring a model of a task into memory; that may take minutes and happens in a thread.

        `budget` is in bytes. `pinned` are ids. `encoder` is what the loaders lend to the models; it is closed
        with the pool.

        The process may end in the middle of a load: what fetching and compiling leave behind then is never
        taken for whole.
        """
        self._catalog = catalog
        self._loaders = loaders
        self._budget = budget
        self._pinned = frozenset(pinned)
        self._encoder = encoder
        self._places: dict[str, _Place] = {}
        self._freeing: set[asyncio.Task[None]] = set()
        self._uses = 0
        self._closed = False

    @classmethod
    def local(
        cls,
        options: LoadOptions,
        *,
        budget: int = DEFAULT_BUDGET,
        pinned: Collection[str] = (),
        progress: ProgressListener | None = None,
    ) -> Self:
        """The models of this machine's catalog and store; chat models share one encoder, if it is here."""
        encoders = SharedEncoders()
        encoder = ToolEncoder.local(encoders, threads=options.engine.threads)
        loaders = local_loaders(options, progress, encoder, encoders)
        return cls(Catalog.load(), loaders, budget=budget, pinned=pinned, encoder=encoder)

    @asynccontextmanager
    async def lease(self, capability: Capability[ModelT], name: str | None = None) -> AsyncGenerator[ModelT]:
        """Hold a model for the length of the block, loading it first where needed; see `Models`."""
        entry = self._catalog.get(capability.default if name is None else name)
        if entry.task != capability.task:
            raise InvalidRequestError(
                f"{entry.id} is a model for {entry.task}, not for {capability.task}.",
                hint="`prudent models list` shows what each is for.",
                param="model",
            )
        async with self._hold(entry) as model:
            yield cast("ModelT", model)  # the task's loader answers for it

    async def warm(self, names: Collection[str]) -> None:
        """Load models of any capability ahead of their first use. Raises as `lease` does."""
        for name in names:
            entry = self._catalog.get(name)
            if entry.task not in self._loaders:
                raise InvalidRequestError(
                    f"{entry.id} is a part of other models and is not loaded by itself.",
                    hint="Leave it out: it comes with the model that needs it.",
                )
            async with self._hold(entry):
                pass

    @asynccontextmanager
    async def _hold(self, entry: ModelEntry) -> AsyncGenerator[LoadedModel]:
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
            place = _Place(asyncio.create_task(self._bring(entry)), entry.bytes)
            self._places[entry.id] = place
            place.loading.add_done_callback(lambda task: self._forget_failed(entry.id, task))
        return place

    async def _bring(self, entry: ModelEntry) -> LoadedModel:
        self._evict()
        if self._freeing:
            await asyncio.wait(self._freeing)  # its memory first
        load = self._loaders[entry.task]
        # A session's threads are as urgent as the thread that opens it.
        urgent = entry.task == TEXT.task
        work = in_background(lambda: load(entry), name=f"prudent-load-{entry.id}", urgent=urgent)
        try:
            model = await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            work.add_done_callback(_discard)
            raise
        self._places[entry.id].bytes = model.card.weight_bytes
        return model

    def _forget_failed(self, id: str, task: asyncio.Task[LoadedModel]) -> None:
        """A load that failed is tried anew by the next request."""
        if task.cancelled() or task.exception() is not None:
            self._places.pop(id, None)

    def _evict(self) -> None:
        """Free idle models, the longest unused first, until all weights are within the budget."""
        excess = sum(place.bytes for place in self._places.values()) - self._budget
        idle = [id for id, place in self._places.items() if place.idle and id not in self._pinned]
        for id in sorted(idle, key=lambda id: self._places[id].last_used):
            if excess <= 0:
                return
            place = self._places.pop(id)
            excess -= place.bytes
            task = asyncio.create_task(offload(place.loading.result().close))
            self._freeing.add(task)
            task.add_done_callback(self._freeing.discard)

    async def list(self) -> list[Model]:
        """The models of the catalog that can be asked for, with the state of each."""
        entries = [entry for entry in self._catalog.entries if entry.task in self._loaders]
        loaded = [self._loaded(entry) for entry in entries]
        return await offload(lambda: list(map(describe_model, entries, loaded)))

    async def retrieve(self, name: str) -> Model:
        """One model; with its card where it is loaded. Raises ModelNotFoundError."""
        entry = self._catalog.get(name)
        return await offload(describe_model, entry, self._loaded(entry))

    def _loaded(self, entry: ModelEntry) -> LoadedModel | None:
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


def _discard(load: concurrent.futures.Future[LoadedModel]) -> None:
    """Free a model that nobody waits for any more."""
    if load.exception() is None:
        load.result().close()
