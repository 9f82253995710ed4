"""What this machine is: instruction sets, cores, limits, memory. Measures nothing and knows no model.

What cannot be read is None, which means "not known" and never "none". Linux states these things in /proc and
/sys, macOS through sysctl.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prudent.runtime.cgroup import cgroup_memory, cgroup_quota
from prudent.runtime.threads import usable_cores

INSTRUCTIONS: Mapping[str, str] = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX-VNNI",
    "avx_vnni_int8": "AVX-VNNI-INT8",
    "avx512_vnni": "AVX-512-VNNI",
    "amx_int8": "AMX-INT8",
    "asimd": "NEON",
    "asimddp": "NEON dot",
    "i8mm": "i8mm",
    "sve": "SVE",
}
"""Sets that matter to the kernels, by Linux's name."""

BYTE_PRODUCTS = frozenset({"AVX-VNNI", "AVX-VNNI-INT8", "AVX-512-VNNI", "AMX-INT8", "NEON dot", "i8mm"})
"""The sets that multiply and add bytes in one instruction."""

_SYSCTL_FEATURES: Mapping[str, str] = {
    "hw.optional.avx2_0": "AVX2",
    "hw.optional.avx512f": "AVX-512",
    "hw.optional.avx512vnni": "AVX-512-VNNI",
    "hw.optional.AdvSIMD": "NEON",
    "hw.optional.neon": "NEON",
    "hw.optional.arm.FEAT_DotProd": "NEON dot",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and what this process may use of it.

    `threads` are what the system schedules on, `cores` what they share; `affinity` are the threads that this
    process may run on. `quota` is the cgroup's, in cores. `usable` is how many threads prudent would use.
    Memory is in bytes: the machine's, what could be had now, and the cgroup's limit. No quota and no limit
    are None as well.
    """

    system: str
    architecture: str
    processor: str | None
    instructions: tuple[str, ...] | None
    threads: int | None
    cores: int | None
    affinity: tuple[int, ...] | None
    quota: float | None
    usable: int
    memory: int | None
    memory_available: int | None
    memory_limit: int | None

    @property
    def hyperthreading(self) -> bool | None:
        """Whether threads share cores."""
        return None if self.threads is None or self.cores is None else self.threads > self.cores

    @property
    def byte_products(self) -> bool | None:
        """Whether bytes are multiplied and added in one instruction."""
        return None if self.instructions is None else not BYTE_PRODUCTS.isdisjoint(self.instructions)


def inspect_machine() -> Machine:
    """Look at this machine; takes milliseconds, and never fails."""
    if platform.system() == "Darwin":
        return mac_machine(_sysctl())
    return linux_machine(Path("/"))


def linux_machine(root: Path) -> Machine:
    """The machine that /proc and /sys below `root` describe."""
    words = _fields(_read(root / "proc/cpuinfo"))
    flags = words.get("flags") or words.get("Features")
    memory = _fields(_read(root / "proc/meminfo"))
    groups = root / "sys/fs/cgroup", root / "proc/self/cgroup"
    processor = (
        words.get("model name") or words.get("Model") or _read(root / "proc/device-tree/model").strip("\0")
    )
    return _machine(
        processor=processor or None,
        instructions=None if flags is None else _named(flags.split()),
        cores=_cores(root / "sys/devices/system/cpu"),
        quota=cgroup_quota(*groups),
        memory=_kilobytes(memory.get("MemTotal")),
        memory_available=_kilobytes(memory.get("MemAvailable")),
        memory_limit=cgroup_memory(*groups),
    )


def mac_machine(sysctl: str) -> Machine:
    """The machine that the output of `sysctl hw machdep.cpu` describes."""
    words = _fields(sysctl)
    features = {name for key, name in _SYSCTL_FEATURES.items() if words.get(key) == "1"}
    return _machine(
        processor=words.get("machdep.cpu.brand_string"),
        instructions=tuple(name for name in INSTRUCTIONS.values() if name in features) if words else None,
        cores=_whole(words.get("hw.physicalcpu")),
        memory=_whole(words.get("hw.memsize")),
    )


def _machine(
    *,
    processor: str | None = None,
    instructions: tuple[str, ...] | None = None,
    cores: int | None = None,
    quota: float | None = None,
    memory: int | None = None,
    memory_available: int | None = None,
    memory_limit: int | None = None,
) -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.release()}".strip(),
        architecture=platform.machine(),
        processor=processor,
        instructions=instructions,
        threads=os.cpu_count(),
        cores=cores,
        affinity=tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else None,
        quota=quota,
        usable=usable_cores(),
        memory=memory,
        memory_available=memory_available,
        memory_limit=memory_limit,
    )


def _named(flags: Iterable[str]) -> tuple[str, ...]:
    present = frozenset(flags)
    return tuple(name for flag, name in INSTRUCTIONS.items() if flag in present)


def _cores(folder: Path) -> int | None:
    """Sets of threads that share a core."""
    lists = {
        text
        for file in folder.glob("cpu[0-9]*/topology/thread_siblings_list")
        if (text := _read(file).strip())
    }
    return len(lists) or None


def _fields(text: str) -> dict[str, str]:
    """The first value of every `key: value` line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    return found


def _kilobytes(value: str | None) -> int | None:
    number, _, unit = (value or "").partition(" ")
    count = _whole(number) if unit.strip() == "kB" else None
    return None if count is None else count * 1024


def _whole(text: str | None) -> int | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    return number if number > 0 else None


def _read(file: Path) -> str:
    """A small file, or nothing where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _sysctl() -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "hw", "machdep.cpu"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return ""
    return done.stdout
