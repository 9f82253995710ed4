"""How many cores this process may really use. Knows no session and no model.

`os.cpu_count()` answers for the machine. A container or `taskset` gives less, and a thread pool wider than
the cores it gets spins against itself.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from prudent.runtime.cgroup import cgroup_quota

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_PROCESS_CGROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Cores that this process may use: its affinity mask, capped by its cgroup's CPU quota; at least 1."""
    allowed = _affinity()
    quota = cgroup_quota(_CGROUP_ROOT, _PROCESS_CGROUPS)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
