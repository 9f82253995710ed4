"""What to tell the owner of a machine: rules from facts to sentences. Looks at nothing itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal

from prudent.catalog.storage import megabytes
from prudent.diagnosis.facts import Software, StoreFacts, chat_models
from prudent.diagnosis.figures import Speed
from prudent.runtime.machine import Machine

_LEAST_DISK = 2_000_000_000
_LEAST_MEMORY = 1_500_000_000
"""Enough for the default model's weights, cache and the process, with little to spare."""

_BUSY_SHARE = 0.5
_POOR_DECODE = 0.4
"""Of the memory limit: what a quiet machine passes by far."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding and what to do about it. With an `error` prudent cannot run here."""

    level: Literal["error", "warning"]
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules look at. `load` is how many threads are busy; what is None is not known."""

    machine: Machine
    software: Software
    store: StoreFacts
    load: float | None
    speed: Speed | None


def advise(findings: Findings) -> tuple[Advice, ...]:
    """All that is to be said, errors first."""
    said = [advice for rule in _RULES for advice in rule(findings)]
    return tuple(sorted(said, key=lambda advice: advice.level != "error"))


def _runtime(findings: Findings) -> Generator[Advice]:
    software = findings.software
    if software.problem is not None:
        yield Advice(
            "error",
            f"ONNX Runtime cannot be loaded ({software.problem}).",
            "Install it again: pip install --force-reinstall onnxruntime",
        )
    elif "CPUExecutionProvider" not in software.providers:
        yield Advice(
            "error", "This ONNX Runtime has no CPU provider.", "Install the package onnxruntime from PyPI."
        )


def _home(findings: Findings) -> Generator[Advice]:
    store = findings.store
    if store.problem is not None:
        yield Advice("error", store.problem, store.remedy or "Check what PRUDENT_HOME names.")
    elif store.free_bytes is not None and store.free_bytes < _LEAST_DISK:
        yield Advice(
            "warning",
            f"The disk of {store.home} is almost full: {megabytes(store.free_bytes)} are free.",
            "The default model takes up to 1.2 GB. Free some space, or move PRUDENT_HOME.",
        )
    if store.offline and store.problem is None and not chat_models(store.models):
        yield Advice(
            "warning",
            "PRUDENT_OFFLINE is set and no chat model is here, so nothing can answer.",
            "Unset it for `prudent models pull`, or `prudent models add` a file.",
        )


def _quota(findings: Findings) -> Generator[Advice]:
    machine = findings.machine
    if machine.quota is not None and not math.isclose(machine.quota, round(machine.quota)):
        yield Advice(
            "warning",
            f"The cgroup gives {machine.quota:g} CPUs; prudent runs {machine.usable} threads on them, and all"
            " of them stop when the quota is used up.",
            "Give the container a whole number of CPUs.",
        )


def _instructions(findings: Findings) -> Generator[Advice]:
    machine = findings.machine
    if machine.instructions is None:
        return
    x86 = machine.architecture in ("x86_64", "AMD64")
    if x86 and "AVX2" not in machine.instructions:
        yield Advice(
            "warning",
            "This CPU has no AVX2: models run many times slower than they could.",
            "Use another machine.",
        )
    elif not machine.byte_products:
        newer = "AVX-VNNI or AVX-512-VNNI" if x86 else "the dot product extension"
        yield Advice(
            "warning",
            "This CPU has no int8 dot product, so prompts are read at about half the speed of one that has.",
            f"Nothing is wrong. A CPU with {newer} would be faster at prompts and at many streams.",
        )


def _memory(findings: Findings) -> Generator[Advice]:
    machine = findings.machine
    known = [size for size in (machine.memory_available, machine.memory_limit) if size is not None]
    if known and min(known) < _LEAST_MEMORY:
        yield Advice(
            "warning",
            f"{megabytes(min(known))} of memory can be had; the default model needs about"
            f" {megabytes(_LEAST_MEMORY)}.",
            "Use a smaller model (smollm2-135m-instruct), or free some memory.",
        )


def _busy(findings: Findings) -> Generator[Advice]:
    load, usable = findings.load, findings.machine.usable
    if load is not None and load > _BUSY_SHARE * usable:
        yield Advice(
            "warning",
            f"The load of the last minute is {load:.1f} on {usable} threads: prudent is slower beside other"
            " programs, and so is every figure here.",
            "Stop them, or run this again later.",
        )
    elif findings.speed is not None and findings.speed.decode_share < _POOR_DECODE:
        yield Advice(
            "warning",
            f"Decode reaches {findings.speed.decode_share:.0%} of what memory allows.",
            "A virtual machine that shares its cores does this; `prudent bench` shows how steady it is.",
        )


_RULES: tuple[Callable[[Findings], Generator[Advice]], ...] = (
    _runtime,
    _home,
    _quota,
    _instructions,
    _memory,
    _busy,
)
