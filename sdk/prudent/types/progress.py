"""How long work (fetching, compiling, loading) tells whoever watches how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Progress:
    """A stage of a task: `done` of `total` in `unit`; `total` is None where it is not known.

    A stage ends with an event whose `done` equals `total`. A `wait` stage lasts while another process
    does the same work.
    """

    stage: Literal[
        "wait",
        "fetch",
        "verify",
        "compile",
        "measure",
        "load",
        "time",
        "encode",
        "train",
        "transcribe",
        "index",
    ]
    subject: str
    done: int
    total: int | None
    unit: Literal["bytes", "steps", "seconds"] = "steps"


ProgressListener = Callable[[Progress], None]
"""Called from the working thread, often; it must return quickly and must not raise."""
