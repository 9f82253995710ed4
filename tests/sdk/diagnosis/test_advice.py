"""Advice: what is said of which machine, and what keeps prudent from running."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prudent.diagnosis.advice import Findings, advise
from prudent.diagnosis.facts import ModelFacts, Software, StoreFacts
from prudent.diagnosis.figures import Speed, Workload
from prudent.runtime.machine import Machine

MACHINE = Machine(
    system="Linux 6",
    architecture="x86_64",
    processor="A CPU",
    instructions=("AVX2", "AVX-512-VNNI"),
    threads=8,
    cores=4,
    affinity=tuple(range(8)),
    quota=None,
    usable=8,
    memory=16 << 30,
    memory_available=12 << 30,
    memory_limit=None,
)
GOOD = Findings(
    machine=MACHINE,
    software=Software("0.1.0", "3.12.0", "1.32.0", ("CPUExecutionProvider",), None),
    store=StoreFacts("/home", None, None, 100 << 30, False, (ModelFacts("m", "chat", 1, ()),)),
    load=0.1,
    speed=None,
)


def said(**changes: object) -> list[str]:
    return [f"{advice.level}: {advice.message}" for advice in advise(replace(GOOD, **changes))]


def on(**changes: object) -> list[str]:
    return said(machine=replace(MACHINE, **changes))


def test_a_good_machine_needs_no_advice() -> None:
    assert said() == []


def test_a_machine_of_which_nothing_is_known_is_not_complained_of() -> None:
    assert (
        on(instructions=None, processor=None, cores=None, threads=None, affinity=None, memory_available=None)
        == []
    )
    assert said(load=None) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quota": 1.5, "usable": 2}, "gives 1.5 CPUs"),
        ({"instructions": ("AVX2",)}, "no int8 dot product"),
        ({"instructions": ()}, "no AVX2"),
        ({"instructions": ("NEON",), "architecture": "aarch64"}, "no int8 dot product"),
        ({"memory_limit": 1 << 30}, "1.07 GB of memory can be had"),
    ],
)
def test_what_slows_prudent_down_is_a_warning_that_names_it(changes: dict[str, object], words: str) -> None:
    (line,) = on(**changes)
    assert line.startswith("warning: ")
    assert words in line


def test_a_whole_quota_is_fine() -> None:
    assert on(quota=2.0, usable=2) == []


def test_a_disk_that_is_almost_full_is_said() -> None:
    (line,) = said(store=replace(GOOD.store, free_bytes=10 << 20))
    assert "almost full: 10.5 MB are free" in line


def test_offline_without_a_chat_model_is_said() -> None:
    (line,) = said(store=replace(GOOD.store, offline=True, models=()))
    assert "no chat model is here" in line
    assert said(store=replace(GOOD.store, offline=True)) == []


def test_a_busy_machine_is_said_rather_than_blamed_for_its_memory() -> None:
    slow = Speed("m", 1.0, 1.0, 10.0, 10.0, Workload(1, 1, 1), ())
    assert "Decode reaches 10%" in said(speed=slow)[0]
    assert ["load of the last minute" in line for line in said(speed=slow, load=7.0)] == [True]


def test_what_keeps_prudent_from_running_is_an_error_and_comes_first() -> None:
    broken = replace(GOOD.software, onnxruntime=None, providers=(), problem="ImportError: no such library")
    nowhere = replace(GOOD.store, home=None, problem="There is no home folder to keep models in.")
    lines = [
        line.partition(":")[0]
        for line in said(software=broken, store=nowhere, machine=replace(MACHINE, instructions=()))
    ]
    assert lines == ["error", "error", "warning"]


def test_an_onnxruntime_without_a_cpu_provider_is_an_error() -> None:
    (line,) = said(software=replace(GOOD.software, providers=("CUDAExecutionProvider",)))
    assert line == "error: This ONNX Runtime has no CPU provider."
