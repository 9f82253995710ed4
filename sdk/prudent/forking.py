"""Lets a fork wait until no thread holds a lock that the child could never release. Knows no library.

A child inherits the locks that are held, but not the threads that would release them: its own import of a
module that was being imported, and of all that need it, would wait for ever. Python resets its global import
lock in the child, and neither those of modules nor what libraries hold while they load something.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

_LONGEST = 30.0
"""Seconds that a fork waits."""
_PAUSE = 0.002

_NOT_NOW = threading.RLock()
_HELD_FOR_FORK = threading.local()


@contextmanager
def unforked() -> Generator[None]:
    """Around calls of a library that may hold a lock of its own: no fork happens within, once asked for."""
    with _NOT_NOW:
        yield


@cache
def fork_with_care() -> None:
    """From here on forks of this process wait; calling it again does nothing."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_go_on)


def _wait() -> None:
    _HELD_FOR_FORK.lock = _NOT_NOW.acquire(timeout=_LONGEST)
    until = time.monotonic() + _LONGEST
    while _imported_elsewhere() and time.monotonic() < until:
        time.sleep(_PAUSE)


def _go_on() -> None:
    if _HELD_FOR_FORK.lock:
        _NOT_NOW.release()


def _imported_elsewhere() -> bool:
    """Whether another thread imports a module; False where Python keeps no such locks."""
    locks: dict[str, Any] = getattr(getattr(importlib, "_bootstrap", None), "_module_locks", {})
    here = threading.get_ident()
    owners = [getattr(reference(), "owner", None) for reference in list(locks.values())]
    return any(owner not in (None, here) for owner in owners)
