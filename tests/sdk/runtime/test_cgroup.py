"""Limits of control groups as the kernel states them, in both versions and where files are odd."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.runtime.cgroup import cgroup_memory, cgroup_quota


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_version_2_quota_is_the_tightest_up_the_tree(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    _write(groups, "0::/a/b\n")
    _write(tmp_path / "fs" / "a" / "cpu.max", "150000 100000\n")
    _write(tmp_path / "fs" / "a" / "b" / "cpu.max", "max 100000\n")
    assert cgroup_quota(tmp_path / "fs", groups) == 1.5


def test_version_1_quota_is_read_from_the_cpu_controller(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    _write(groups, "4:memory:/x\n3:cpu,cpuacct:/docker/1\n")
    folder = tmp_path / "fs" / "cpu,cpuacct"  # inside a container the group's own path is not there
    _write(folder / "cpu.cfs_quota_us", "200000\n")
    _write(folder / "cpu.cfs_period_us", "100000\n")
    assert cgroup_quota(tmp_path / "fs", groups) == 2.0


@pytest.mark.parametrize("text", ["max 100000", "", "many 100000", "1 0"])
def test_no_quota_or_one_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    groups = tmp_path / "cgroup"
    _write(groups, "0::/\n")
    _write(tmp_path / "fs" / "cpu.max", text)
    assert cgroup_quota(tmp_path / "fs", groups) is None
    assert cgroup_quota(tmp_path / "fs", tmp_path / "absent") is None


def test_memory_limits_of_both_versions_are_bytes(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    _write(groups, "0::/a\n")
    _write(tmp_path / "fs" / "a" / "memory.max", "2147483648\n")
    _write(tmp_path / "fs" / "memory.max", "max\n")
    assert cgroup_memory(tmp_path / "fs", groups) == 2 << 30
    _write(groups, "9:memory:/docker/1\n")
    _write(tmp_path / "fs" / "memory" / "docker" / "1" / "memory.limit_in_bytes", "1073741824\n")
    assert cgroup_memory(tmp_path / "fs", groups) == 1 << 30


def test_the_number_that_version_1_writes_for_no_limit_is_no_limit(tmp_path: Path) -> None:
    groups = tmp_path / "cgroup"
    _write(groups, "9:memory:/\n")
    _write(tmp_path / "fs" / "memory" / "memory.limit_in_bytes", "9223372036854771712\n")
    assert cgroup_memory(tmp_path / "fs", groups) is None


@given(groups=st.text(max_size=60), limit=st.text(max_size=20))
def test_nothing_that_can_stand_in_the_files_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, groups: str, limit: str
) -> None:
    folder = tmp_path_factory.mktemp("cgroup")
    (folder / "groups").write_text(groups, encoding="utf-8", errors="replace")
    for name in ("cpu.max", "memory.max"):
        (folder / name).write_text(limit, encoding="utf-8", errors="replace")
    quota, memory = cgroup_quota(folder, folder / "groups"), cgroup_memory(folder, folder / "groups")
    assert quota is None or isinstance(quota, float)
    assert memory is None or memory > 0
