"""Which int8 kernels a processor gets, by what the kernel says of it."""

from __future__ import annotations

import pytest

from prudent.runtime.processor import preferred_kernels


@pytest.mark.parametrize(
    ("flags", "machine", "kernels"),
    [
        ("fpu sse4_2 avx2 fma", "x86_64", "row"),
        ("fpu avx2 avx512f avx512_vnni", "x86_64", "block"),
        ("fpu avx2 avx_vnni", "AMD64", "block"),
        ("fp asimd asimddp i8mm", "aarch64", "block"),
    ],
)
def test_kernels_follow_the_byte_dot_product(flags, machine, kernels, tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert preferred_kernels(info, machine) == kernels


def test_a_processor_that_does_not_say_gets_blocks(tmp_path):
    assert preferred_kernels(tmp_path / "none", "x86_64") == "block"
    (tmp_path / "empty").write_text("")
    assert preferred_kernels(tmp_path / "empty", "x86_64") == "block"
