"""What the process's control groups allow it: processor time and memory, as Linux states them.

Both versions are read, 2 (one tree) and 1 (a tree a controller). A group's ancestors count as well, and in
a container the group's own path may not exist below the mount. Knows no session and no model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Number = float | int

_NO_LIMIT = 1 << 60
"""Version 1 has no word for "no limit": it states a number that no machine has."""


def cgroup_quota(root: Path, process_cgroups: Path) -> float | None:
    """CPU quota in cores, or None where there is none; the tightest one up the tree counts.

    `root` is where the cgroup file systems are mounted, `process_cgroups` the kernel's list of the
    process's own groups.
    """
    return _tightest(root, process_cgroups, "cpu", _quota_v2, _quota_v1)


def cgroup_memory(root: Path, process_cgroups: Path) -> int | None:
    """Memory limit in bytes, or None where there is none; arguments as for `cgroup_quota`."""
    limit = _tightest(root, process_cgroups, "memory", _memory_v2, _memory_v1)
    return None if limit is None else int(limit)


def _tightest(
    root: Path,
    process_cgroups: Path,
    controller: str,
    version_2: Callable[[Path], Number | None],
    version_1: Callable[[Path], Number | None],
) -> Number | None:
    try:
        lines = process_cgroups.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    limits: list[Number] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            limits += _up_the_tree(root, path, version_2)
        elif controller in controllers.split(","):
            for mount in dict.fromkeys((controller, controllers)):
                limits += _up_the_tree(root / mount, path, version_1)
    return min(limits, default=None)


def _up_the_tree(mount: Path, path: str, read: Callable[[Path], Number | None]) -> list[Number]:
    """Limits of a group and its ancestors."""
    group = mount / path.lstrip("/")
    return [
        limit
        for folder in (group, *group.parents)
        if folder == mount or mount in folder.parents
        if (limit := read(folder)) is not None
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


def _memory_v2(folder: Path) -> int | None:
    return _bytes(folder / "memory.max")  # "max" is not a number


def _memory_v1(folder: Path) -> int | None:
    return _bytes(folder / "memory.limit_in_bytes")


def _bytes(file: Path) -> int | None:
    try:
        limit = int(file.read_text())
    except (OSError, ValueError):
        return None
    return limit if 0 < limit < _NO_LIMIT else None
