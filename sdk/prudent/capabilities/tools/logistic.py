"""A logistic model of a few named signals, with its weights as data. Knows not what the signals mean."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Signal(BaseModel):
    """A signal with its weight, after taking off `mean`, in units of `scale`; a missing one is the mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: float
    scale: float
    weight: float


class Logistic(BaseModel):
    """Probability out of signals; `threshold` is where it counts as yes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bias: float
    threshold: float
    signals: dict[str, Signal]

    def probability(self, values: Mapping[str, float | None]) -> float:
        """The calibrated probability (0-1)."""
        total = self.bias
        for name, signal in self.signals.items():
            value = values.get(name)
            if value is not None:
                total += signal.weight * (value - signal.mean) / signal.scale
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))

    def says_yes(self, values: Mapping[str, float | None]) -> bool:
        """Whether the probability reaches the threshold."""
        return self.probability(values) >= self.threshold
