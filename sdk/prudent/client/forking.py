"""Lets a fork wait until no thread is in the middle of an import. Knows no client.

A child inherits the lock of a module that is being imported, but not the thread that would release it: its
own import of that module, and of all that need it, would wait for ever. Python resets its global import lock
in the child, and not those of modules.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from functools import cache
from typing import Any

_LONGEST = 30.0
"""Seconds that a fork waits."""
_PAUSE = 0.002


@cache
def fork_between_imports() -> None:
    """From here on forks of this process wait for imports; calling it again does nothing."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_wait_for_imports)


def _wait_for_imports() -> None:
    until = time.monotonic() + _LONGEST
    while _imported_elsewhere() and time.monotonic() < until:
        time.sleep(_PAUSE)


def _imported_elsewhere() -> bool:
    """Whether another thread imports a module; False where Python keeps no such locks."""
    locks: dict[str, Any] = getattr(getattr(importlib, "_bootstrap", None), "_module_locks", {})
    here = threading.get_ident()
    owners = [getattr(reference(), "owner", None) for reference in list(locks.values())]
    return any(owner not in (None, here) for owner in owners)
