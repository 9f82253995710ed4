"""Tells from the encoder's lower layers that a text is surely harmless, so that the others need not be run.

A linear look at the mean and the maximum of a text's states, fitted by `training/fit_early.py`; the file says
for which layers and at what loss. Knows no label and no graph.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

_FILE = "early.json"
_FOLDER = "weights"


class EarlyLook(BaseModel):
    """The weights float32 (2 x hidden, base64) and the value under which a text is surely harmless.

    `base` and `layers` say whose states they are for, `measures` what is lost and saved by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str
    layers: int
    weights: str
    threshold: float
    measures: dict[str, Any]

    def surely_harmless(self, states: NDArray[np.float32]) -> bool:
        """Whether the states (tokens, hidden) are those of a text that no label holds of, beyond doubt."""
        pooled = np.concatenate([states.mean(0), states.max(0)])
        return float(pooled @ self._vector) < self.threshold

    def hashed_with(self, model_hash: str) -> str:
        """SHA-256 over that of the encoder and what decides here, for verdicts."""
        return hashlib.sha256(f"{model_hash} {self.weights} {self.threshold}".encode()).hexdigest()

    @cached_property
    def _vector(self) -> NDArray[np.float32]:
        return np.frombuffer(base64.b64decode(self.weights), "<f4")


def packed(weights: NDArray[np.float32]) -> str:
    """Weights as the file has them."""
    return base64.b64encode(weights.astype("<f4").tobytes()).decode()


def packaged_early_look(base: str, layers: int | None) -> EarlyLook | None:
    """The look that comes with the package; None where it is for other states, or there is none."""
    path = files("prudent_responsible_ai") / _FOLDER / _FILE
    if layers is None or not path.is_file():
        return None
    look = EarlyLook.model_validate_json(path.read_bytes())
    return look if (look.base, look.layers) == (base, layers) else None
