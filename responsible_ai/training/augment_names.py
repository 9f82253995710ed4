"""Rows written for this project: running text of many kinds and languages with names filled in, and without.

Fills the templates beside it from lists of names, places, organisations and streets. A template stays on one
side of train and validation. It reads no labelled data and knows no model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rows import Split

TEMPLATES = Path(__file__).parent / "templates" / "names.yaml"
SOURCE = "authored_names"
SLOTS = {"person": "PERSON", "given": "PERSON", "place": "LOCATION", "org": "ORG", "address": "ADDRESS"}

_FILLINGS = 10
"""Rows of each template with names; one of a template without."""
_VALIDATION_SHARE = 10
_LOWERED_SHARE = 0.08
"""Share written without capitals, as people do in chats."""
_UPPERED_SHARE = 0.02
_SLOT = re.compile(r"\{(\w+)\}")
_DIGIT = re.compile("#")


@dataclass(frozen=True)
class Authored:
    """A text, its names (start, end, label), its split and where it comes from."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    split: Split
    source: str
    language: str


def rows(seed: int) -> list[Authored]:
    """Every template filled; the same seed gives the same rows."""
    drawn = np.random.default_rng(seed)
    file = yaml.safe_load(TEMPLATES.read_text(encoding="utf-8"))
    found: dict[str, Authored] = {}
    for language, templates in file["templates"].items():
        origins = file["origins"][language]
        for template in templates:
            for _ in range(_FILLINGS if "{" in template else 1):
                one = _filled(template, language, file["lists"], origins, drawn)
                found.setdefault(one.text, one)
    return list(found.values())


def _filled(
    template: str,
    language: str,
    lists: Mapping[str, Mapping[str, Any]],
    origins: Sequence[str],
    drawn: np.random.Generator,
) -> Authored:
    origin = origins[int(drawn.integers(len(origins)))]
    text, spans, at = "", list[tuple[int, int, str]](), 0
    for match in _SLOT.finditer(template):
        text += template[at : match.start()]
        value = _value(match[1], lists[origin], drawn)
        if match[1] in SLOTS:
            spans.append((len(text), len(text) + len(value), SLOTS[match[1]]))
        text += value
        at = match.end()
    text += template[at:]
    case = drawn.random()
    cased = text.lower() if case < _LOWERED_SHARE else text.upper() if case > 1 - _UPPERED_SHARE else text
    if len(cased) == len(text) and "#" not in template:
        text = cased
    return Authored(_digits(text, drawn), tuple(spans), _split(template), SOURCE, language)


def _value(slot: str, lists: Mapping[str, Any], drawn: np.random.Generator) -> str:
    """A filling of a slot. Patterns in the lists name other slots and have # for a digit."""
    if slot == "number":
        return str(drawn.integers(1, 400))
    choices = lists[slot]
    chosen = str(choices[int(drawn.integers(len(choices)))])
    return _digits(_SLOT.sub(lambda match: _value(match[1], lists, drawn), chosen), drawn)


def _digits(text: str, drawn: np.random.Generator) -> str:
    return _DIGIT.sub(lambda _: str(drawn.integers(1, 10)), text)


def _split(template: str) -> Split:
    number = int.from_bytes(hashlib.sha256(f"names {template}".encode()).digest()[:4], "big")
    return "validation" if number % _VALIDATION_SHARE == 0 else "train"
