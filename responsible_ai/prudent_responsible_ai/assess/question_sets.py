"""Reads the sets of questions that come with the package. Asks nothing."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "zh")


def read_set(name: str) -> Any:
    """The content of a question file, such as `privacy`."""
    folder = files("prudent_responsible_ai") / "assess" / "questions"
    return yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
