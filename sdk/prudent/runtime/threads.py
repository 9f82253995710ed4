"""How many cores this process may really use. Knows no session and no model.

`os.cpu_count()` answers for the machine. A container or `taskset` gives less, and a thread pool wider than
the cores it gets spins against itself.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

_QuotaReader = Callable[[Path], "float | None"]

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_PROCESS_CGROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Cores that this process may use: its affinity mask, capped by its cgroup's CPU quota; at least 1."""
    allowed = _affinity()
    quota = cgroup_quota(_CGROUP_ROOT, _PROCESS_CGROUPS)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cgroup_quota(root: Path, process_cgroups: Path) -> float | None:
    """CPU quota in cores, or None where there is none; the tightest one up the tree counts.

    `root` is where the cgroup file systems are mounted, `process_cgroups` the kernel's list of the
    process's own groups. Both versions are read: 2 (`cpu.max`) and 1 (`cpu.cfs_quota_us`).
    """
    try:
        lines = process_cgroups.read_text().splitlines()
    except OSError:
        return None
    quotas: list[float] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            quotas += _up_the_tree(root, path, _quota_v2)
        elif "cpu" in controllers.split(","):
            for mount in ("cpu", controllers):
                quotas += _up_the_tree(root / mount, path, _quota_v1)
    return min(quotas, default=None)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _up_the_tree(mount: Path, path: str, read: _QuotaReader) -> list[float]:
    """Quotas of a group and its ancestors; in a container the path may not exist below the mount."""
    group = mount / path.lstrip("/")
    return [
        quota
        for folder in (group, *group.parents)
        if folder == mount or mount in folder.parents
        if (quota := read(folder)) is not None
    ]


def _quota_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
