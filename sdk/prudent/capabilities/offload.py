"""Blocking work away from the event loop, to the very end of the process. Knows nothing of the work."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import Any, ParamSpec, TypeVar

from prudent.runtime.priority import work_in_background

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


async def offload(work: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs) -> ResultT:
    """Do the work in a thread.

    Where the interpreter is ending it starts no more threads, and what must still be done (an audit record,
    freeing a model) is done here.
    """
    if not threading.main_thread().is_alive():
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


async def offload_background(work: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs) -> ResultT:
    """Do the work in a thread that gives way to chat; see `prudent.runtime.priority`.

    Being cancelled does not end the work, only the wait for it.
    """
    if not threading.main_thread().is_alive():
        return work(*args, **kwargs)
    call = partial(work, *args, **kwargs)
    return await asyncio.wrap_future(in_background(call, name="prudent-background", urgent=False))


async def offload_steps(steps: Generator[ResultT]) -> AsyncGenerator[ResultT, Any]:
    """Run a generator in threads that give way to chat, step by step, and close it at the end.

    Whoever closes this one, or is cancelled, waits for the step in progress: what the generator uses is free
    afterwards.
    """
    step: asyncio.Future[ResultT | _End] | None = None
    try:
        while True:
            step = asyncio.ensure_future(offload_background(_advance, steps))
            item = await asyncio.shield(step)
            if isinstance(item, _End):
                return
            yield item
    finally:
        if step is not None:
            await asyncio.wait({step})
            if not step.cancelled():
                step.exception()  # seen: who left does not want to hear of it
        await offload(steps.close)


class _End:
    """Stands for the end of a generator: StopIteration cannot pass through a future."""


def _advance(steps: Generator[ResultT]) -> ResultT | _End:
    try:
        return next(steps)
    except StopIteration:
        return _End()


def in_background(
    work: Callable[[], ResultT], *, name: str, urgent: bool = True
) -> concurrent.futures.Future[ResultT]:
    """Do the work in a thread of its own that does not keep the process from ending.

    Where it is not `urgent`, the thread and those that it starts give way to others.
    """
    future: concurrent.futures.Future[ResultT] = concurrent.futures.Future()

    def run() -> None:
        if not urgent:
            work_in_background()
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 handed to whoever waits for the future
            future.set_exception(error)
        else:
            future.set_result(result)

    future.set_running_or_notify_cancel()
    threading.Thread(target=run, name=name, daemon=True).start()
    return future
