"""Which int8 kernels suit this processor. Knows no model."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Literal

Kernels = Literal["block", "row"]
"""`block`: MatMulNBits, a scale for each block of a row. `row`: byte products with one scale a row."""

_CPU_INFO = Path("/proc/cpuinfo")
_DOT_PRODUCTS = frozenset({"avx512_vnni", "avx_vnni"})


def preferred_kernels(cpu_info: Path = _CPU_INFO, machine: str | None = None) -> Kernels:
    """The faster int8 kernels here.

    An x86 processor that cannot multiply and add bytes in one instruction runs MatMulNBits at a third of
    the speed of a byte matrix product (115 against 240 GOP/s on two Zen 3 cores); one that can is faster with
    blocks at a single row. Where the instruction set is not known the answer is `block`.
    """
    if (machine or platform.machine()) not in ("x86_64", "AMD64"):
        return "block"
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "block"
    for line in lines:
        if line.startswith("flags"):
            return "row" if _DOT_PRODUCTS.isdisjoint(line.split()) else "block"
    return "block"
