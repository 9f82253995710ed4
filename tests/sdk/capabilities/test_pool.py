"""The pool: one load for all who ask, nothing freed in use, no more kept than allowed.

What is pooled here are stand-ins that only count; the pool calls nothing of a model but `close`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from prudent.capabilities.interface import Capability
from prudent.capabilities.loading import LoadedModel
from prudent.capabilities.pool import ModelPool
from prudent.catalog import Catalog, FileEntry, HubLocation, ModelEntry
from prudent.errors import InvalidRequestError, ModelNotFoundError, ServiceUnavailableError, StorageError
from prudent.runtime.artifact import Card

TEXT: Capability[Counted] = Capability("chat", default="a")
HEARING: Capability[Counted] = Capability("transcription", default="ears")


class Counted:
    """A model that knows how often it was closed, and says it has `weight` bytes."""

    def __init__(self, id: str, weight: int = 1) -> None:
        self.id = id
        self.card = cast("Card", SimpleNamespace(weight_bytes=weight))
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Loader:
    """Loads after a while, notes how often, and can be told to fail."""

    def __init__(self) -> None:
        self.loaded: list[Counted] = []
        self.fail = False
        self.weights: dict[str, int] = {}
        self.at_once = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._lock = threading.Lock()

    def __call__(self, entry: ModelEntry) -> LoadedModel:
        with self._lock:
            self.at_once += 1
        time.sleep(0.02)
        self.may_go_on.wait(30)
        with self._lock:
            if not self.fail:
                self.loaded.append(Counted(entry.id, self.weights.get(entry.id, 1)))
            self.at_once -= 1
            if self.fail:
                raise StorageError("The disk is full.")
            return self.loaded[-1]


def _entry(id: str, task: str = "chat") -> ModelEntry:
    file = FileEntry(name="f", sha256="0" * 64, bytes=1, hub_path="f")
    hub = HubLocation(repo="x/y", revision="r")
    fields = {"id": id, "task": task, "family": "x", "license": "x", "upstream": "x"}
    return ModelEntry.model_validate({**fields, "hub": hub, "files": [file]})


def _pool(loader: Loader, budget: int = 1, pinned: tuple[str, ...] = ()) -> ModelPool:
    catalog = Catalog(
        [
            _entry("a"),
            _entry("b"),
            _entry("c"),
            _entry("ears", "transcription"),
            _entry("eyes", "vision.read"),
        ]
    )
    return ModelPool(catalog, {"chat": loader, "transcription": loader}, budget=budget, pinned=pinned)


def _run(
    test: Callable[[ModelPool, Loader], Coroutine[Any, Any, None]],
    budget: int = 1,
    pinned: tuple[str, ...] = (),
) -> Loader:
    loader = Loader()

    async def main() -> None:
        pool = _pool(loader, budget, pinned)
        await test(pool, loader)
        await pool.close()
        await _until(lambda: loader.at_once == 0 and all(model.closed for model in loader.loaded))
        assert [model.closed for model in loader.loaded] == [1] * len(loader.loaded)

    asyncio.run(main())
    return loader


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def _use(pool: ModelPool, name: str, work: Awaitable[object] | None = None) -> str:
    async with pool.lease(TEXT, name) as model:
        assert model.closed == 0
        if work is not None:
            await work
        assert model.closed == 0
        return model.id


def test_a_model_is_loaded_once_for_all_who_ask() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        assert await asyncio.gather(*(_use(pool, "a") for _ in range(10))) == ["a"] * 10
        await _use(pool, "a")
        assert len(loader.loaded) == 1

    _run(test)


def test_an_idle_model_makes_room_for_the_next() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        for name in ("a", "b", "a"):
            await _use(pool, name)
        assert [model.id for model in loader.loaded] == ["a", "b", "a"]
        assert [model.closed for model in loader.loaded] == [1, 1, 0]

    _run(test)


def test_models_of_all_capabilities_share_the_budget() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        async with pool.lease(HEARING) as model:
            assert model.id == "ears"
        await _use(pool, "a")
        assert [(model.id, model.closed) for model in loader.loaded] == [("ears", 1), ("a", 0)]

    _run(test)


def test_the_size_of_a_model_counts_and_not_how_many_there_are() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        loader.weights = {"a": 3, "b": 3, "c": 5}
        for name in ("a", "b", "c"):
            await _use(pool, name)
        await _until(lambda: [model.closed for model in loader.loaded] == [1, 0, 0])

    _run(test, budget=8)


def test_a_pinned_model_stays_and_a_model_over_the_budget_is_loaded_all_the_same() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        await pool.warm(["a"])
        for name in ("b", "c"):
            await _use(pool, name)
        await _until(lambda: [model.closed for model in loader.loaded] == [0, 1, 1])
        assert [model.id for model in loader.loaded] == ["a", "b", "c"]

    _run(test, pinned=("a",))


def test_the_list_has_what_can_be_loaded_and_nothing_else() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        listed = await pool.list()
        assert [model.id for model in listed] == ["a", "b", "c", "ears"]
        assert listed[-1].task == "transcription"

    _run(test)


def test_the_model_that_was_not_used_for_longest_goes_first() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        for name in ("a", "b", "a", "c"):
            await _use(pool, name)
        assert [(model.id, model.closed) for model in loader.loaded] == [("a", 0), ("b", 1), ("c", 0)]

    _run(test, budget=2)


def test_a_model_in_use_is_never_freed() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        held = asyncio.Event()
        holder = asyncio.create_task(_use(pool, "a", held.wait()))
        await _until(lambda: len(loader.loaded) == 1)
        await _use(pool, "b")
        await _use(pool, "c")
        assert loader.loaded[0].closed == 0
        held.set()
        assert await holder == "a"

    _run(test)


def test_a_load_that_fails_is_an_error_for_all_who_wait_and_is_tried_anew() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        loader.fail = True
        results = await asyncio.gather(*(_use(pool, "a") for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [StorageError] * 3
        loader.fail = False
        assert await _use(pool, "a") == "a"

    _run(test)


def test_a_caller_that_leaves_does_not_stop_the_load() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        impatient = asyncio.create_task(_use(pool, "a"))
        patient = asyncio.create_task(_use(pool, "a"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == "a"
        assert len(loader.loaded) == 1

    _run(test)


def test_a_load_that_nobody_waits_for_any_more_is_freed_when_it_is_there() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        task = asyncio.create_task(_use(pool, "a"))
        await _until(lambda: loader.at_once == 1)
        task.cancel()
        await asyncio.wait({task})

    assert len(_run(test).loaded) == 1


def test_a_close_does_not_wait_for_a_load() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        loader.may_go_on.clear()
        task = asyncio.create_task(_use(pool, "a"))
        await _until(lambda: loader.at_once == 1)
        await pool.close()
        await asyncio.wait({task})
        assert task.cancelled()
        loader.may_go_on.set()

    assert len(_run(test).loaded) == 1


def test_names_are_checked_before_anything_is_loaded() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        with pytest.raises(ModelNotFoundError):
            await _use(pool, "nothing")
        with pytest.raises(InvalidRequestError, match="transcription"):
            await _use(pool, "ears")
        with pytest.raises(InvalidRequestError, match="chat"):
            async with pool.lease(HEARING, "a"):
                pass
        with pytest.raises(ModelNotFoundError):
            await pool.retrieve("nothing")
        with pytest.raises(InvalidRequestError, match="not loaded by itself"):
            await pool.warm(["eyes"])
        assert loader.loaded == []

    _run(test)


def test_a_closed_pool_loads_nothing() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        await pool.close()
        with pytest.raises(ServiceUnavailableError):
            await _use(pool, "a")

    _run(test)


def test_any_mix_of_uses_keeps_the_promises() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        names = "abcabcaabbccbacbacab"
        uses = [_use(pool, name, asyncio.sleep(0.01 * (i % 4))) for i, name in enumerate(names)]
        assert "".join(await asyncio.gather(*uses)) == names
        await _until(lambda: sum(not model.closed for model in loader.loaded) <= 2)

    _run(test, budget=2)
