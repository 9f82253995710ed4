"""Machines as /proc, /sys and sysctl describe them, common and odd."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.runtime.machine import inspect_machine, linux_machine, mac_machine

ZEN4 = """\
processor\t: 0
model name\t: AMD EPYC 9R14
flags\t\t: fpu sse2 avx2 avx512f avx512_vnni amx_tile
processor\t: 1
model name\t: another
flags\t\t: fpu
"""
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm sve\nCPU implementer\t: 0x41\n"
APPLE = """\
hw.memsize: 17179869184
hw.physicalcpu: 8
hw.optional.AdvSIMD: 1
hw.optional.arm.FEAT_DotProd: 1
hw.optional.arm.FEAT_I8MM: 0
machdep.cpu.brand_string: Apple M1
"""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")


def test_instruction_sets_are_named_and_byte_products_found(tmp_path: Path) -> None:
    _write(tmp_path / "proc/cpuinfo", ZEN4)
    machine = linux_machine(tmp_path)
    assert machine.processor == "AMD EPYC 9R14"
    assert machine.instructions == ("AVX2", "AVX-512", "AVX-512-VNNI")
    assert machine.byte_products is True


def test_an_arm_machine_lists_features_and_may_have_no_name(tmp_path: Path) -> None:
    _write(tmp_path / "proc/cpuinfo", GRAVITON)
    machine = linux_machine(tmp_path)
    assert machine.processor is None
    assert machine.instructions == ("NEON", "NEON dot", "i8mm", "SVE")
    assert machine.byte_products is True


def test_an_old_processor_has_no_byte_products(tmp_path: Path) -> None:
    _write(tmp_path / "proc/cpuinfo", "flags : sse2 avx avx2\n")
    assert linux_machine(tmp_path).byte_products is False


def test_threads_that_share_a_core_are_counted_once(tmp_path: Path) -> None:
    for thread, siblings in enumerate(("0-1", "0-1", "2,6", "2,6")):
        _write(
            tmp_path / f"sys/devices/system/cpu/cpu{thread}/topology/thread_siblings_list", siblings + "\n"
        )
    assert linux_machine(tmp_path).cores == 2


def test_memory_and_limits_are_bytes(tmp_path: Path) -> None:
    _write(tmp_path / "proc/meminfo", "MemTotal:       2048 kB\nMemAvailable:   1024 kB\n")
    _write(tmp_path / "proc/self/cgroup", "0::/\n")
    _write(tmp_path / "sys/fs/cgroup/cpu.max", "150000 100000\n")
    _write(tmp_path / "sys/fs/cgroup/memory.max", "1048576\n")
    machine = linux_machine(tmp_path)
    assert (machine.memory, machine.memory_available, machine.memory_limit) == (2 << 20, 1 << 20, 1 << 20)
    assert machine.quota == 1.5


def test_a_system_that_tells_nothing_is_unknown_and_not_without(tmp_path: Path) -> None:
    machine = linux_machine(tmp_path)
    assert machine.instructions is None
    assert machine.byte_products is None
    assert machine.cores is None
    assert machine.memory is None
    assert machine.usable >= 1


@given(st.text(max_size=200), st.text(max_size=80))
def test_nothing_that_can_stand_in_proc_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, cpuinfo: str, other: str
) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "proc").mkdir()
    for name, text in (("cpuinfo", cpuinfo), ("meminfo", f"MemTotal: {other}\nMemAvailable:{other} kB\n")):
        (root / "proc" / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    _write(root / "sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "")
    machine = linux_machine(root)
    assert machine.memory is None or machine.memory > 0


def test_a_mac_is_described_by_sysctl() -> None:
    machine = mac_machine(APPLE)
    assert (machine.processor, machine.cores, machine.memory) == ("Apple M1", 8, 16 << 30)
    assert machine.instructions == ("NEON", "NEON dot")


@given(st.text(max_size=200))
def test_nothing_that_sysctl_can_say_is_an_error(text: str) -> None:
    assert mac_machine(text).usable >= 1


def test_this_machine_is_inspected() -> None:
    assert inspect_machine().usable >= 1
