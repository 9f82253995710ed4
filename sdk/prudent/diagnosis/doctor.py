"""The whole examination: facts, measurements where wanted and possible, and advice. Prints nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass

from prudent.catalog import Catalog
from prudent.diagnosis.advice import Advice, Findings, advise
from prudent.diagnosis.facts import Software, StoreFacts, inspect_software, inspect_store
from prudent.diagnosis.figures import Limits, Speed
from prudent.errors import PrudentError
from prudent.runtime.machine import Machine, inspect_machine
from prudent.store import model_state, open_decoder
from prudent.types.progress import Progress, ProgressListener


@dataclass(frozen=True, slots=True)
class Measured:
    """Limits and a model's speed. What is None was not measured; `reason` says why."""

    limits: Limits | None = None
    speed: Speed | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found. `busy_threads` is the load of the last minute; None is not known."""

    machine: Machine
    software: Software
    store: StoreFacts
    busy_threads: float | None
    measured: Measured
    advice: tuple[Advice, ...]

    @property
    def usable(self) -> bool:
        """Whether prudent can run here."""
        return all(advice.level != "error" for advice in self.advice)


def examine(model: str, *, quick: bool = False, progress: ProgressListener | None = None) -> Diagnosis:
    """Look at this machine, and unless `quick` measure it, and `model` if it is compiled.

    Whatever cannot be found out is left open; nothing is fetched, compiled or changed.
    """
    machine, software, store = inspect_machine(), inspect_software(), inspect_store()
    busy = _busy_threads()  # before measuring, which is busy itself
    if quick:
        measured = Measured(reason="not asked for")
    elif software.problem is not None:
        measured = Measured(reason="ONNX Runtime cannot be loaded")
    else:
        measured = _measure(model, machine, progress)
    return Diagnosis(
        machine=machine,
        software=software,
        store=store,
        busy_threads=busy,
        measured=measured,
        advice=advise(Findings(machine, software, store, busy, measured.speed)),
    )


def _measure(model: str, machine: Machine, progress: ProgressListener | None) -> Measured:
    # Imported here: ONNX Runtime may be what is broken.
    from prudent.diagnosis.limits import measure_limits
    from prudent.diagnosis.speed import measure_speed

    def tell(subject: str, done: int) -> None:
        if progress is not None:
            progress(Progress("time", subject, done, 1))

    limits = None
    try:
        tell("machine", 0)
        limits = measure_limits(machine)
        tell("machine", 1)
        entry = Catalog.load().get(model)
        if entry.task != "chat" or model_state(entry) != "compiled":
            return Measured(limits, reason=f"{entry.id} is not compiled here yet")
        tell(entry.id, 0)
        speed = measure_speed(open_decoder(entry.id, pull=False), machine, limits)
        tell(entry.id, 1)
    except (PrudentError, MemoryError, OSError) as error:
        return Measured(limits, reason=error.message if isinstance(error, PrudentError) else _name(error))
    return Measured(limits, speed)


def _name(error: Exception) -> str:
    return "there is not enough memory" if isinstance(error, MemoryError) else str(error)


def _busy_threads() -> float | None:
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):
        return None
