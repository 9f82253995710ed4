"""Where public frameworks speak of what each kind of measure is about: identifiers and titles."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from prudent_responsible_ai.assess.results import Reference


def references(name: str) -> list[Reference]:
    """The references of a measure or gap by its id; its first word says what kind it is."""
    read = _read()
    found: list[Reference] = []
    for framework, identifiers in read["measures"].get(name.partition(".")[0], {}).items():
        titles = read["frameworks"][framework]
        found += [Reference(framework=framework, identifier=one, title=titles[one]) for one in identifiers]
    return found


@lru_cache(maxsize=1)
def _read() -> Any:
    folder = files("prudent_responsible_ai") / "assess"
    return yaml.safe_load((folder / "frameworks.yaml").read_text(encoding="utf-8"))
