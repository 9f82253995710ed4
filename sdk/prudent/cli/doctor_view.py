"""How `prudent doctor` shows a diagnosis: as JSON, and for people. Finds nothing out itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from prudent.catalog.storage import megabytes
from prudent.cli.report import matrices, section, stdout
from prudent.diagnosis.doctor import Diagnosis, Measured
from prudent.diagnosis.facts import ModelFacts, Software, StoreFacts
from prudent.diagnosis.figures import Speed
from prudent.runtime.machine import Machine

_UNKNOWN = "unknown"
_SMALLEST_SHARE = 0.02
"""Operators that take less of the time are not shown to people."""

Facts = list[tuple[str, str]]


def as_data(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis in JSON: null is not known."""
    data = asdict(diagnosis)
    speed = diagnosis.measured.speed
    if speed is not None:
        data["measured"]["speed"] |= {
            "prefill_share": speed.prefill_share,
            "decode_share": speed.decode_share,
        }
    data["machine"]["hyperthreading"] = diagnosis.machine.hyperthreading
    data["machine"]["byte_products"] = diagnosis.machine.byte_products
    data["usable"] = diagnosis.usable
    return data


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Write the diagnosis to stdout."""
    console = stdout()
    section(console, "machine", _machine(diagnosis.machine, diagnosis.busy_threads))
    section(console, "limits", _limits(diagnosis.measured))
    section(console, "software", _software(diagnosis.software))
    section(console, "store", _store(diagnosis.store))
    if diagnosis.store.models:
        section(console, "models", [line for model in diagnosis.store.models for line in _model(model)])
    if diagnosis.measured.speed is not None:
        section(console, f"speed of {diagnosis.measured.speed.model}", _speed(diagnosis.measured.speed))
    _print_advice(console, diagnosis)


def _print_advice(console: Console, diagnosis: Diagnosis) -> None:
    console.print()
    for advice in diagnosis.advice:
        style = "bold red" if advice.level == "error" else "yellow"
        console.print(Text.assemble((f"{advice.level}: ", style), advice.message))
        console.print(Text(f"  {advice.hint}", style="dim"))
    if not diagnosis.advice:
        console.print(Text("Nothing stands in the way.", style="green"))


def _machine(machine: Machine, busy: float | None) -> Facts:
    instructions = _UNKNOWN
    if machine.instructions is not None:
        instructions = ", ".join(machine.instructions) or "none that matter to prudent"
        instructions += "" if machine.byte_products else "; no int8 dot product"
    return [
        ("system", f"{machine.system}, {machine.architecture}"),
        ("processor", machine.processor or _UNKNOWN),
        ("instructions", instructions),
        ("cores", _cores(machine)),
        ("in use", f"{machine.usable} threads by prudent" + _busy(busy)),
        ("cgroup", _cgroup(machine)),
        ("memory", _memory(machine)),
    ]


def _cores(machine: Machine) -> str:
    cores = _UNKNOWN if machine.cores is None else str(machine.cores)
    threads = _UNKNOWN if machine.threads is None else str(machine.threads)
    text = f"{cores}, threads {threads}"
    if (
        machine.affinity is not None
        and machine.threads is not None
        and len(machine.affinity) < machine.threads
    ):
        text += f"; this process may use {len(machine.affinity)} of them ({_ranges(machine.affinity)})"
    return text


def _busy(busy: float | None) -> str:
    return "" if busy is None else f"; about {busy:.1f} busy over the last minute"


def _cgroup(machine: Machine) -> str:
    quota = "no CPU quota" if machine.quota is None else f"{machine.quota:g} CPUs"
    limit = (
        "no memory limit" if machine.memory_limit is None else f"{megabytes(machine.memory_limit)} of memory"
    )
    return f"{quota}, {limit}"


def _memory(machine: Machine) -> str:
    if machine.memory is None:
        return _UNKNOWN
    text = megabytes(machine.memory)
    if machine.memory_available is not None:
        text += f", {megabytes(machine.memory_available)} can be had"
    return text


def _limits(measured: Measured) -> Facts:
    if measured.limits is None:
        return [("not measured", measured.reason or _UNKNOWN)]
    return [
        ("memory", f"{measured.limits.bandwidth / 1e9:.1f} GB/s read"),
        ("int8 products", f"{measured.limits.byte_products / 1e9:.0f} GOP/s"),
        *([] if measured.reason is None else [("speed", f"not measured: {measured.reason}")]),
    ]


def _software(software: Software) -> Facts:
    return [
        ("prudent", software.prudent),
        ("python", software.python),
        ("onnxruntime", software.onnxruntime or software.problem or _UNKNOWN),
        ("providers", ", ".join(software.providers) or _UNKNOWN),
    ]


def _store(store: StoreFacts) -> Facts:
    return [
        ("home", store.home or _UNKNOWN),
        ("free disk", _UNKNOWN if store.free_bytes is None else megabytes(store.free_bytes)),
        ("network", "off (PRUDENT_OFFLINE)" if store.offline else "allowed, to fetch models only"),
    ]


def _model(model: ModelFacts) -> Facts:
    fetched = f"{megabytes(model.fetched_bytes)} fetched" if model.fetched_bytes else "not fetched"
    lines = [(model.id, f"{model.task}, {fetched}")]
    for compiled in model.compiled:
        if compiled.current:
            size = megabytes(compiled.bytes)
            lines.append(("", f"{compiled.target}: {size}; matrices: {matrices(compiled.stored_as)}"))
    unused = [compiled.bytes for compiled in model.compiled if not compiled.current]
    if unused:
        lines.append(("", f"{megabytes(sum(unused))} compiled by other versions or for other processors"))
    return lines


def _speed(speed: Speed) -> Facts:
    work = speed.workload
    shown = [kernel for kernel in speed.kernels if max(kernel.decode, kernel.prefill) >= _SMALLEST_SHARE]
    lines = [
        (
            "decode",
            f"{speed.decode:.1f} tokens/s: {speed.decode_share:.0%} of the {speed.decode_limit:.0f} at which"
            f" memory gives {megabytes(work.decode_bytes)} of weights a token",
        ),
        (
            "prefill",
            f"{speed.prefill:.0f} tokens/s: {speed.prefill_share:.0%} of the {speed.prefill_limit:.0f}"
            f" at which {work.prefill_operations / 1e9:.2f} GOP a token could be computed",
        ),
    ]
    for index, kernel in enumerate(shown):
        share = f"{kernel.decode:.0%} of decode, {kernel.prefill:.0%} of prefill"
        lines.append(("" if index else "kernels", f"{kernel.operator} x {kernel.nodes}: {share}"))
    return lines


def _ranges(numbers: tuple[int, ...]) -> str:
    """Numbers in rising order as people write them: 0-3, 8."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and groups[-1][-1] == number - 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(f"{g[0]}-{g[-1]}" if len(g) > 1 else str(g[0]) for g in groups)
