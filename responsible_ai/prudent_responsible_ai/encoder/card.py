"""The card of the checks' encoder: how scores are calibrated, where they count, and how good they are.

Read from the package; it knows what files of weights there are, and not what is in them.
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
_NGRAMS = "ngrams.safetensors"
_CARD = "encoder.json"
ANY_LANGUAGE = "*"
_LARGEST = 30.0
"""Log-odds beyond which a probability is as good as certain."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bands(_Part):
    """Probabilities at which a finding is low, medium and high; `medium` is the default threshold."""

    low: float
    medium: float
    high: float


class LabelCard(_Part):
    """One label: the probability is the logistic of slope x encoder's logit + ngrams x n-grams' + intercept.

    Fitted on validation rows. `ngrams` is 0 where the n-grams did not help there. `bands` are by language;
    `*` stands for every other one.
    """

    slope: float
    ngrams: float = 0.0
    intercept: float
    bands: dict[str, Bands]

    def probability(self, logit: float, ngrams: float = 0.0) -> float:
        """The calibrated probability of the logits of the encoder and of the n-grams."""
        combined = self.slope * logit + self.ngrams * ngrams + self.intercept
        return 1.0 / (1.0 + exp(-max(-_LARGEST, min(_LARGEST, combined))))


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
    ngrams_sha256: str | None = None

    @property
    def model_hash(self) -> str:
        """SHA-256 over the hashes of both files of weights, for verdicts; of the one where there is one."""
        if self.ngrams_sha256 is None:
            return self.weights_sha256
        return hashlib.sha256(f"{self.weights_sha256} {self.ngrams_sha256}".encode()).hexdigest()

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
        return self._file(_WEIGHTS, self.card.weights_sha256)

    def ngrams(self) -> Path | None:
        """The weights of n-grams as a file, None where the card has none. Raises as `weights`."""
        sha256 = self.card.ngrams_sha256
        return None if sha256 is None else self._file(_NGRAMS, sha256)

    def _file(self, name: str, sha256: str) -> Path:
        with as_file(self._folder / name) as path:
            if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                raise ValueError(name)
            return path
