"""The pool: one load for all who ask, nothing freed in use, no more kept than allowed.

What is pooled here are stand-ins that only count; the pool calls nothing of a model but `close`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import pytest

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.pool import ModelPool
from prudent.catalog import Catalog, FileEntry, HubLocation, ModelEntry
from prudent.errors import InvalidRequestError, ModelNotFoundError, ServiceUnavailableError, StorageError


class Counted:
    """A model that knows how often it was closed."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Loader:
    """Loads after a while, notes how often, and can be told to fail."""

    def __init__(self) -> None:
        self.loaded: list[Counted] = []
        self.fail = False
        self.at_once = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._lock = threading.Lock()

    def __call__(self, entry: ModelEntry) -> ChatModel:
        with self._lock:
            self.at_once += 1
        time.sleep(0.02)
        self.may_go_on.wait(30)
        with self._lock:
            if not self.fail:
                self.loaded.append(Counted(entry.id))
            self.at_once -= 1
            if self.fail:
                raise StorageError("The disk is full.")
            return cast("ChatModel", self.loaded[-1])


def _entry(id: str, task: str = "chat") -> ModelEntry:
    file = FileEntry(name="f", sha256="0" * 64, bytes=1, hub_path="f")
    hub = HubLocation(repo="x/y", revision="r")
    fields = {"id": id, "task": task, "family": "x", "license": "x", "upstream": "x"}
    return ModelEntry.model_validate({**fields, "hub": hub, "files": [file]})


def _pool(loader: Loader, max_loaded: int = 1) -> ModelPool:
    catalog = Catalog([_entry("a"), _entry("b"), _entry("c"), _entry("ears", "transcription")])
    return ModelPool(catalog, loader, max_loaded=max_loaded)


def _run(test: Callable[[ModelPool, Loader], Coroutine[Any, Any, None]], max_loaded: int = 1) -> Loader:
    loader = Loader()

    async def main() -> None:
        pool = _pool(loader, max_loaded)
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
    async with pool.lease(name) as model:
        assert cast("Counted", model).closed == 0
        if work is not None:
            await work
        assert cast("Counted", model).closed == 0
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


def test_the_model_that_was_not_used_for_longest_goes_first() -> None:
    async def test(pool: ModelPool, loader: Loader) -> None:
        for name in ("a", "b", "a", "c"):
            await _use(pool, name)
        assert [(model.id, model.closed) for model in loader.loaded] == [("a", 0), ("b", 1), ("c", 0)]

    _run(test, max_loaded=2)


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
        with pytest.raises(ModelNotFoundError):
            await pool.retrieve("nothing")
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

    _run(test, max_loaded=2)
