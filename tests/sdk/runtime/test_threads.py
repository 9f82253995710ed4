"""Cores: affinity and quotas as the kernel states them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prudent.runtime.threads import cgroup_quota, usable_cores


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


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_affinity_is_honoured() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
