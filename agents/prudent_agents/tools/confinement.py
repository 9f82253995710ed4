"""What a confined child may ask of the Linux kernel: system calls and readable folders. Starts nothing.

The numbers are those of linux/arch/x86/entry/syscalls/syscall_64.tbl and asm-generic/unistd.h (aarch64).
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_CALLS: Final = """
    read 0 63; write 1 64; close 3 57; fstat 5 80; lseek 8 62; mmap 9 222; mprotect 10 226; munmap 11
    215; brk 12 214; rt_sigaction 13 134; rt_sigprocmask 14 135; rt_sigreturn 15 139; pread64 17 67;
    readv 19 65; writev 20 66; access 21 -; sched_yield 24 124; mremap 25 216; madvise 28 233; dup 32
    23; dup2 33 -; dup3 292 24; nanosleep 35 101; getpid 39 172; gettid 186 178; exit 60 93; exit_group
    231 94; uname 63 160; getcwd 79 17; readlink 89 -; gettimeofday 96 169; getrusage 98 165; sysinfo 99
    179; times 100 153; getuid 102 174; getgid 104 176; geteuid 107 175; getegid 108 177; getppid 110
    173; sigaltstack 131 132; arch_prctl 158 -; futex 202 98; sched_getaffinity 204 123; getdents64 217
    61; set_tid_address 218 96; clock_gettime 228 113; clock_getres 229 114; clock_nanosleep 230 115;
    stat 4 -; lstat 6 -; newfstatat 262 79; readlinkat 267 78; faccessat 269 48; faccessat2 439 439;
    statx 332 291; set_robust_list 273 99; getrandom 318 278; rseq 334 293; poll 7 -; ppoll 271 73;
    pselect6 270 72; select 23 -; membarrier 324 283; time 201 -; restart_syscall 219 128
"""
"""Name, x86-64, aarch64. No socket, no fork, no exec, no signal, no rename, no limit that is raised."""

_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the table, and what the kernel calls the machine (AUDIT_ARCH)."""
_OPEN: Final = {"x86_64": (2, 257, 72), "aarch64": (None, 56, 25)}
"""open, openat and fcntl: their arguments are looked at."""
_CLONE3: Final = 435

_LANDLOCK_CREATE: Final = 444
_LANDLOCK_VERSION: Final = 1
_PR_SET_SECCOMP: Final = 22
_SECCOMP_FILTER: Final = 2
_EFAULT: Final = 14
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo")


@dataclass(frozen=True, slots=True)
class Confinement:
    """Bounds of a child: memory in bytes, CPU in seconds, and the folders that it may read."""

    memory: int
    seconds: float
    readable: tuple[str, ...]

    def orders(self) -> dict[str, Any]:
        """What the child is told, as JSON."""
        machine = platform.machine()
        column, arch = _MACHINES[machine]
        numbers = [line.split()[1 + column] for line in _CALLS.replace("\n", " ").split(";")]
        opens, openat, fcntl = _OPEN[machine]
        return {
            "memory": self.memory,
            "cpu": max(1, round(self.seconds)),
            "readable": [path for path in self.readable if Path(path).exists()],
            "arch": arch,
            "calls": sorted(int(number) for number in numbers if number != "-"),
            "open": opens,
            "openat": openat,
            "fcntl": fcntl,
            "clone3": _CLONE3,
        }


def readable() -> tuple[str, ...]:
    """Python's own library and the shared ones that it loads; nothing of the user's."""
    library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    shared = [str(Path(sys.base_prefix) / "lib" / name) for name in _shared_names()]
    return tuple(dict.fromkeys([*library, *shared, *_LIBRARIES]))


def _shared_names() -> list[str]:
    folder = Path(sys.base_prefix) / "lib"
    return [path.name for path in folder.glob("libpython*")] if folder.is_dir() else []


def lacking() -> str | None:
    """What this machine lacks to confine a child, in words, or None. Asks the kernel, changes nothing."""
    if not sys.platform.startswith("linux") or platform.machine() not in _MACHINES:
        return (
            f"{platform.system()} on {platform.machine()} has no Landlock and seccomp as they are used here"
        )
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION) < 1:
        return f"the kernel has no Landlock ({os.strerror(ctypes.get_errno())})"
    # Without a filter to read the kernel answers EFAULT where it knows filters, and EINVAL where it does not.
    kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, None, 0, 0)
    if ctypes.get_errno() != _EFAULT:
        return f"the kernel has no seccomp filters ({os.strerror(ctypes.get_errno())})"
    return None
