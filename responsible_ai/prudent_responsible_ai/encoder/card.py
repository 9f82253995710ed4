"""The card of the checks' encoder: how scores are calibrated, where they count, and how good they are.

Read from the package; it knows no weights.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from math import exp
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from prudent_responsible_ai.severity import Thresholds

_FOLDER = "weights"
_WEIGHTS = "encoder.safetensors"
_CARD = "encoder.json"
ANY_LANGUAGE = "*"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bands(_Part):
    """Probabilities at which a finding is low, medium and high; `medium` is the default threshold."""

    low: float
    medium: float
    high: float


class LabelCard(_Part):
    """One label: probability = 1 / (1 + exp(-(slope x logit + intercept))), fitted on validation rows.

    `bands` are by language; `*` stands for every other one.
    """

    slope: float
    intercept: float
    bands: dict[str, Bands]

    def probability(self, logit: float) -> float:
        """The calibrated probability of a logit."""
        return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, self.slope * logit + self.intercept))))


class EncoderCard(_Part):
    """What is known of the encoder. `measures` are of test splits, `training` says how it was made."""

    name: str
    base: str
    labels: dict[str, LabelCard]
    support_temperature: float
    measures: dict[str, Any]
    training: dict[str, Any]
    weights_sha256: str
    weights_bytes: int

    def thresholds(self, label: str, language: str = ANY_LANGUAGE) -> Thresholds:
        """Where scores of a label become low, medium and high. Raises KeyError: there is no such label."""
        bands = self.labels[label].bands
        chosen = bands.get(language, bands[ANY_LANGUAGE])
        return Thresholds(chosen.low, chosen.medium, chosen.high)


class PackagedEncoder:
    """The card and the weights that come with the package."""

    def __init__(self) -> None:
        self._folder: Traversable = files("prudent_responsible_ai") / _FOLDER

    @cached_property
    def card(self) -> EncoderCard:
        """The card."""
        return EncoderCard.model_validate_json((self._folder / _CARD).read_bytes())

    def weights(self) -> Path:
        """The tuned layers and heads as a file.

        Raises:
            OSError: they are not there.
            ValueError: they are not those of the card.
        """
        with as_file(self._folder / _WEIGHTS) as path:
            if hashlib.sha256(path.read_bytes()).hexdigest() != self.card.weights_sha256:
                raise ValueError(_WEIGHTS)
            return path
