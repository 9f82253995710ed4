"""What checks that ask the encoder have in common: it is opened when it is first needed. Finds nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from prudent_responsible_ai.encoder.card import PackagedEncoder
from prudent_responsible_ai.setup import SafetyModels
from prudent_responsible_ai.severity import Thresholds
from prudent_responsible_ai.text_encoder import TextEncoder


class Bands(Protocol):
    """Where scores become low, medium and high: the encoder's card."""

    def thresholds(self, label: str, language: str) -> Thresholds:
        """The thresholds of a label in a language."""
        ...


class EncoderUser:
    """Base of a check that asks the encoder."""

    def __init__(self, models: SafetyModels, bands: Bands | None = None) -> None:
        """`bands` None takes those of the encoder's card when they are first needed."""
        self._models = models
        self._given = bands

    @property
    def model_hash(self) -> str | None:
        """The encoder's, once it has been needed."""
        return self.encoder.model_hash if "encoder" in self.__dict__ else None

    @cached_property
    def encoder(self) -> TextEncoder:
        """The encoder. Raises PrudentError where it cannot be had."""
        return self._models.encoder()

    @cached_property
    def bands(self) -> Bands:
        """Where scores count."""
        return self._given or PackagedEncoder().card

    def warm_up(self) -> None:
        """Open the encoder and its card."""
        self.encoder.read("warm up")
        _ = self.bands
