"""The checks there are: id to factory. A policy names them by id."""

from __future__ import annotations

from collections.abc import Callable

from prudent_responsible_ai.check import Check
from prudent_responsible_ai.checks.control_characters import ControlCharactersCheck
from prudent_responsible_ai.checks.personal_data import PersonalDataCheck
from prudent_responsible_ai.checks.secrets import SecretsCheck

CHECKS: dict[str, Callable[[], Check]] = {
    "secrets": SecretsCheck,
    "personal_data": PersonalDataCheck,
    "control_characters": ControlCharactersCheck,
}
