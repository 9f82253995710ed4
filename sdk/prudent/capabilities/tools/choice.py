"""Which tool: an enum of their names, and each name's share of the choice. Knows no arguments."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence

from prudent.capabilities.tools.language import Language
from prudent.capabilities.tools.passes import Outcome, Pass

_ALTERNATIVES = 20
_MOST_TOKENS = 96


def choose(
    language: Language, prompt: tuple[int, ...], names: Sequence[str]
) -> Generator[Pass, Outcome, dict[str, float]]:
    """Ask for one of the names after `prompt`, which ends where a name begins.

    Returns each name's share (they add up to 1), most likely first.
    """
    if len(names) == 1:
        return {names[0]: 1.0}
    options = " | ".join(json.dumps(f'{name}"') for name in sorted(set(names)))
    outcome = yield Pass(prompt, f"start: {options}\n", _MOST_TOKENS, _ALTERNATIVES)
    return shares(language, names, outcome)


def shares(language: Language, names: Sequence[str], outcome: Outcome) -> dict[str, float]:
    """What part of the choice each name had, token by token along the way that was taken.

    Names that part from the taken way together share what that way out had.
    """
    found = dict.fromkeys(names, 0.0)
    remaining = {name: f'{name}"' for name in names}
    written, weight = "", 1.0
    for token, logprob, alternatives in zip(
        outcome.tokens, outcome.logprobs, outcome.alternatives or ((),) * len(outcome.tokens), strict=False
    ):
        options = dict(alternatives) | {token: logprob}
        masses = _masses(language, options, written, remaining)
        total = sum(masses.values()) or 1.0
        taken = written + language.token_text(token)
        leaving = {name for name, text in remaining.items() if not text.startswith(taken)}
        for name in leaving:
            found[name] = weight * masses[name] / total
        weight *= sum(mass for name, mass in masses.items() if name not in leaving) / total
        remaining = {name: text for name, text in remaining.items() if name not in leaving}
        written = taken
    for name in remaining:
        found[name] = weight / len(remaining)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _masses(
    language: Language, options: dict[int, float], written: str, remaining: dict[str, str]
) -> dict[str, float]:
    """The probability that each remaining name has at this token; a token of several is shared by them."""
    masses = dict.fromkeys(remaining, 0.0)
    for token, logprob in options.items():
        text = written + language.token_text(token)
        fitting = [name for name, whole in remaining.items() if whole.startswith(text)]
        for name in fitting:
            masses[name] += _exp(logprob) / len(fitting)
    return masses


def _exp(logprob: float) -> float:
    return 2.718281828459045**logprob
