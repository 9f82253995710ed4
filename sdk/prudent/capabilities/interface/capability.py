"""What a model can do, by the name that catalog and pool know it under. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from prudent.catalog.entry import Task

ModelT = TypeVar("ModelT")


@dataclass(frozen=True, slots=True)
class Capability(Generic[ModelT]):
    """A kind of models. `default` is the one that serves where a request names none.

    `ModelT` is the protocol of a loaded model of this kind.
    """

    task: Task
    default: str
