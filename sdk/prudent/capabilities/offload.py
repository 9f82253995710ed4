"""Blocking work away from the event loop, to the very end of the process. Knows nothing of the work."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

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


def in_background(work: Callable[[], ResultT], *, name: str) -> concurrent.futures.Future[ResultT]:
    """Do the work in a thread of its own that does not keep the process from ending."""
    future: concurrent.futures.Future[ResultT] = concurrent.futures.Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 handed to whoever waits for the future
            future.set_exception(error)
        else:
            future.set_result(result)

    future.set_running_or_notify_cancel()
    threading.Thread(target=run, name=name, daemon=True).start()
    return future
