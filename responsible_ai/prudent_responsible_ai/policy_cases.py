"""A policy tried on example texts: what it should do, and what it does. Knows pipelines and no terminal.

cases:
  - {text: "Card 4111 1111 1111 1111", expect: annotate}
  - {text: "Bob's card is 4111 1111 1111 1111", source: assistant, expect: redact, without: "4111"}
  - {text: "How do I pay?", expect: allow}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import Strict
from prudent_responsible_ai.yaml_lines import read_lined_yaml

MAX_BYTES = 4 << 20


class Case(Strict):
    """A text and what should become of it. `without` is what may not be left of it."""

    text: str
    source: Source = Source.USER
    expect: Action
    categories: dict[str, Action] = Field(default_factory=dict[str, Action])
    without: str | None = None
    name: str | None = None


class CaseFile(Strict):
    """Examples for a policy."""

    cases: Annotated[list[Case], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case: `problems` is empty where all was as expected."""

    case: Case
    action: Action
    problems: tuple[str, ...]


def read_cases(path: Path) -> list[Case]:
    """Read examples from a YAML file.

    Raises:
        ConfigurationError: it cannot be read, or an example is wrong; the message says where.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"The file {path} is over {MAX_BYTES >> 20} MiB.")
        document = read_lined_yaml(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The file {path} cannot be read: {type(error).__name__}.", hint="It must be a UTF-8 text file."
        ) from None
    try:
        return CaseFile.model_validate_json(json.dumps(document.data, default=str)).cases
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise document.error(first["loc"], first["msg"]) from None


def try_case(pipeline: Pipeline, case: Case) -> CaseResult:
    """Check a text as it would be in a request: an answer through the gate, all else through the review."""
    if case.source is Source.ASSISTANT:
        gate = pipeline.open_gate()
        left = gate.feed(case.text).text + gate.finish().text
        action, results = gate.action, gate.results
    else:
        review = pipeline.review([Part(case.text, case.source)])
        left, action = review.parts[0].text, review.action
        results = review.results[0].content_filter_results
    problems = [] if action is case.expect else [f"{action} where {case.expect} is expected"]
    for category, expected in case.categories.items():
        found = results[category].action if category in results else None
        if found is not expected:
            problems.append(f"{category}: {found or 'not checked'} where {expected} is expected")
    if case.without is not None and action is not Action.BLOCK and case.without in left:
        problems.append("what should be taken out is still there")
    return CaseResult(case, action, tuple(problems))
