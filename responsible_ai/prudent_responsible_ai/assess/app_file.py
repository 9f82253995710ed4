"""Reads an app's description: what it runs on, its instruction, and answers about it. Opens no model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from prudent.errors import ConfigurationError
from prudent_responsible_ai.assess.results import Answer
from prudent_responsible_ai.yaml_lines import read_lined_yaml

MAX_BYTES = 256 << 10


class AppFile(BaseModel):
    """An app. It answers at `url`, or in this process with `model`, `policy` and `system`.

    `answers` are to the questionnaire, by its ids.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: str | None = None
    model: str | None = None
    policy: str | None = None
    system: str | None = None
    answers: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_place(self) -> AppFile:
        if self.url is not None and self.policy is not None:
            raise ValueError("a server has its own policy; leave out 'policy' or 'url'")
        known = questions()
        for name in self.answers:
            if name not in known:
                raise ValueError(f"there is no question '{name}'; known are {', '.join(known)}")
        return self


def questions() -> Mapping[str, str]:
    """The questionnaire: question by id."""
    folder = files("prudent_responsible_ai") / "assess"
    rows = cast("list[dict[str, str]]", yaml.safe_load((folder / "questionnaire.yaml").read_text("utf-8")))
    return {row["id"]: row["question"] for row in rows}


def answered(given: Mapping[str, str]) -> list[Answer]:
    """Every question of the questionnaire with its answer, None where there is none."""
    return [
        Answer(id=name, question=question, answer=given.get(name) or None)
        for name, question in questions().items()
    ]


def read_app(path: Path) -> AppFile:
    """The app that a file describes.

    Raises:
        ConfigurationError: there is no such file, or it is wrong; the message says where.
    """
    return _parsed(path, AppFile)


def read_document(path: Path) -> Any:
    """A YAML file with its lines. Raises ConfigurationError: there is none, or it is not YAML."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"The file {path} is over {MAX_BYTES >> 10} KiB.")
        return read_lined_yaml(str(path), path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {path} cannot be read: {type(error).__name__}.") from None


def _parsed(path: Path, kind: type[AppFile]) -> AppFile:
    document = read_document(path)
    try:
        return kind.model_validate(document.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise document.error(
            first["loc"], first["msg"], hint=f"Keys are {', '.join(kind.model_fields)}."
        ) from None
