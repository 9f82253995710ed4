"""Rows written for this project: the same words and groups in harmful texts and in harmless ones.

Fills the templates beside it. A template stays on one side of train and validation. It reads no labelled
data and knows no model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from rows import Row, Split

from prudent_responsible_ai.text_encoder import HARMS, LABELS

TEMPLATES = Path(__file__).parent / "templates"
FILES = ("hate_en", "requests_en", "harms_en", "zh", "fr", "de", "es", "dialects", "benign", "identity")
SOURCE = "authored_"
"""Begins the names of the sources: one for each file, since sources are weighed against each other."""

_VALIDATION_SHARE = 10
"""One template in so many is kept for validation."""
_TRIES = 6
"""Draws for each filling that is wanted, before a template counts as used up."""
_PLAIN_SHARE = 0.12
"""Share written without capitals or without the last mark: a text's care is no sign of harm."""
_DISGUISED_SHARE = 0.06
"""Share written with digits for letters and the like, of harmless texts as well."""

_CHOICE = re.compile(r"\[([^\[\]]+)\]|\{(\w+)\}")
_IN_ANOTHER_LANGUAGE = re.compile(r"^([a-z]{2,3})/ ")
_DIGITS = str.maketrans("aeiost", "431057")
_TOP_LABELS = ("hate", "harassment", "profanity")


@dataclass(frozen=True)
class Template:
    """A sentence with open places: `{slot}` and `[one|other]`, and the labels of what comes of it."""

    text: str
    file: str
    language: str
    section: str
    each: int
    labels: tuple[str, ...]
    unknown: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]

    @property
    def split(self) -> Split:
        """Drawn from the template, so that its fillings stay together."""
        drawn = int.from_bytes(hashlib.sha256(self.text.encode()).digest()[:4], "big")
        return "validation" if drawn % _VALIDATION_SHARE == 0 else "train"


def rows(seed: int) -> list[Row]:
    """All rows, for train and validation; the same for the same seed, no text twice.

    An attack is none of them; a label that a template leaves open is NaN.
    """
    drawn = np.random.default_rng(seed)
    found: list[Row] = []
    seen: set[str] = set()
    for template in templates():
        for text in _fillings(template, drawn):
            if text in seen:
                continue
            seen.add(text)
            found.append(_row(template, text, len(found)))
    return found


def _row(template: Template, text: str, number: int) -> Row:
    return Row(
        id=f"{SOURCE}{template.file}-{number:05d}",
        text=text,
        labels=_labels(template),
        source=SOURCE + template.file,
        language=template.language,
        split=template.split,
        kind="safety",
        injected=None,
        about={"group": template.text, "section": template.section},
    )


def templates() -> Iterator[Template]:
    """The templates of all files, in their order."""
    for name in FILES:
        found: dict[str, Any] = yaml.safe_load((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"))
        slots = {key: tuple(map(str.strip, text.split("|"))) for key, text in found["slots"].items()}
        for section in found["sections"]:
            for line in section["templates"].splitlines():
                language = _IN_ANOTHER_LANGUAGE.match(line)
                yield Template(
                    text=line[language.end() :] if language else line,
                    file=name,
                    language=language[1] if language else found["language"],
                    section=section["name"],
                    each=section["each"],
                    labels=tuple(section["labels"]),
                    unknown=tuple(section.get("unknown", ())),
                    slots=slots,
                )


def _fillings(template: Template, drawn: np.random.Generator) -> Iterator[str]:
    """As many different fillings as the template asks for, fewer where it has fewer."""
    seen: set[str] = set()
    for _ in range(template.each * _TRIES):
        if len(seen) == template.each:
            return
        text = _filled(template, drawn)
        if text not in seen:
            seen.add(text)
            yield _varied(text, drawn)


def _filled(template: Template, drawn: np.random.Generator) -> str:
    def choose(found: re.Match[str]) -> str:
        options = found[1].split("|") if found[1] else template.slots[found[2]]
        return options[drawn.integers(len(options))]

    text = template.text
    while _CHOICE.search(text):
        text = _CHOICE.sub(choose, text)
    text = text.strip()
    return text[:1].upper() + text[1:]


def _varied(text: str, drawn: np.random.Generator) -> str:
    chance = drawn.random()
    if chance < _PLAIN_SHARE / 2:
        return text.lower()
    if chance < _PLAIN_SHARE:
        return text.rstrip(".!?。！？ ")
    if chance < _PLAIN_SHARE + _DISGUISED_SHARE:
        return _disguised(text, drawn)
    return text


def _disguised(text: str, drawn: np.random.Generator) -> str:
    """The text with its longest words respelt: digits for letters, marks between, or letters doubled."""
    words = text.split(" ")
    longest = sorted(range(len(words)), key=lambda index: -len(words[index]))[: max(1, len(words) // 4)]
    way = drawn.integers(4)
    for index in longest:
        word = words[index]
        words[index] = (
            word.translate(_DIGITS),
            "".join(letter + ("." if letter.isalpha() else "") for letter in word).rstrip("."),
            " ".join(word),
            re.sub(r"([aeiou])", r"\1\1\1", word, count=1),
        )[way]
    return " ".join(words)


def _labels(template: Template) -> NDArray[np.float32]:
    labels = np.zeros(len(LABELS), np.float32)
    for name in template.labels:
        labels[LABELS.index(name)] = 1
    if any(name in HARMS for name in template.labels):
        labels[LABELS.index("unsafe")] = 1
    if any(name in _TOP_LABELS for name in template.labels):
        labels[LABELS.index("offensive")] = 1
    for name in template.unknown:
        labels[LABELS.index(name)] = np.nan
    return labels
