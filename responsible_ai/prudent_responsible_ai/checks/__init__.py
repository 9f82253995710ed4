"""The checks there are: id to factory. A policy names them by id.

A factory opens nothing: a model is loaded by `warm_up`, or when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable

from prudent_responsible_ai.check import Check
from prudent_responsible_ai.checks.attack import AttackCheck, AttackOptions
from prudent_responsible_ai.checks.bias import BiasCheck
from prudent_responsible_ai.checks.control_characters import ControlCharactersCheck
from prudent_responsible_ai.checks.grounded import GroundedCheck, GroundedOptions
from prudent_responsible_ai.checks.harm import HarmCheck, HarmOptions
from prudent_responsible_ai.checks.image import ImageCheck
from prudent_responsible_ai.checks.inclusive import InclusiveCheck, InclusiveOptions
from prudent_responsible_ai.checks.language import LanguageCheck, LanguageOptions
from prudent_responsible_ai.checks.names import NamesCheck, NamesOptions
from prudent_responsible_ai.checks.personal_data import PersonalDataCheck
from prudent_responsible_ai.checks.secrets import SecretsCheck
from prudent_responsible_ai.checks.topic import TopicCheck, TopicOptions
from prudent_responsible_ai.checks.twin import TWIN, TwinCheck
from prudent_responsible_ai.personal_values import PersonalDataOptions
from prudent_responsible_ai.setup import CheckSetup, Options


def _without_options(check: Callable[[], Check]) -> Callable[[CheckSetup], Check]:
    """The factory of a check that has no options: a policy that gives some is wrong."""

    def made(setup: CheckSetup) -> Check:
        setup.parsed(Options)
        return check()

    return made


CHECKS: dict[str, Callable[[CheckSetup], Check]] = {
    "secrets": _without_options(SecretsCheck),
    "personal_data": PersonalDataCheck.from_setup,
    "names": NamesCheck.from_setup,
    "control_characters": _without_options(ControlCharactersCheck),
    "image": _without_options(ImageCheck),
    "harm": HarmCheck.from_setup,
    "attack": AttackCheck.from_setup,
    "bias": BiasCheck.from_setup,
    "topic": TopicCheck.from_setup,
    "language": LanguageCheck.from_setup,
    "inclusive": InclusiveCheck.from_setup,
    "grounded": GroundedCheck.from_setup,  # after the others: with a reader it takes seconds
    TWIN: _without_options(TwinCheck),
}

OPTIONS: dict[str, type[Options]] = {
    "personal_data": PersonalDataOptions,
    "names": NamesOptions,
    "harm": HarmOptions,
    "attack": AttackOptions,
    "topic": TopicOptions,
    "language": LanguageOptions,
    "inclusive": InclusiveOptions,
    "grounded": GroundedOptions,
}
"""What a policy can say to a check, where it can say anything."""
