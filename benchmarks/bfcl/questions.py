"""Reads the Berkeley Function-Calling Leaderboard's single-turn questions, and puts their schemas right.

The data's type names are not JSON Schema's (`dict`, `float`, `String`); scoring needs them as they are, a
model gets them converted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
Half = Literal["development", "test"]

CATEGORIES = (
    "simple_python",
    "simple_java",
    "simple_javascript",
    "multiple",
    "parallel",
    "parallel_multiple",
    "irrelevance",
)

_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}
_KEPT = ("required", "enum", "description", "default")
_LANGUAGES = {"simple_java": "Java 8", "simple_javascript": "JavaScript"}


@dataclass(frozen=True, slots=True)
class Question:
    """`truth` is a list of {function: {parameter: [acceptable values]}}; empty where no call may be made."""

    id: str
    category: str
    messages: list[dict[str, str]]
    functions: list[Json]
    truth: list[Json]

    @property
    def half(self) -> Half:
        """Fixed by the id: one half to tune on, the other to report."""
        return "development" if hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0 else "test"

    @property
    def tools(self) -> list[Json]:
        """The functions as tools of the OpenAI API."""
        return [self._tool(function) for function in self.functions]

    def _tool(self, function: Json) -> Json:
        language = _LANGUAGES.get(self.category)
        schema = converted(function["parameters"])
        note = " Note that the provided function is in Python 3 syntax."
        if language is not None:
            note = f" Note that the provided function is in {language} syntax."
            schema = _as_source(function["parameters"], schema, language)
        described = {"description": function["description"] + note, "parameters": schema}
        return {"type": "function", "function": {"name": function["name"], **described}}


def read(folder: Path, category: str) -> list[Question]:
    """The questions of a category, in an order that a hash of the id fixes."""
    name = f"BFCL_v4_{category}.json"
    truths = {row["id"]: row["ground_truth"] for row in _rows(folder / "possible_answer" / name)}
    questions = [
        Question(row["id"], category, row["question"][0], row["function"], truths.get(row["id"], []))
        for row in _rows(folder / name)
    ]
    return sorted(questions, key=lambda question: hashlib.sha256(f"x{question.id}".encode()).digest())


def converted(schema: Json) -> Json:
    """A schema of the data as JSON Schema."""
    out: Json = {key: schema[key] for key in _KEPT if key in schema}
    if "type" in schema:
        out["type"] = _TYPES.get(schema["type"], schema["type"])
    if isinstance(schema.get("properties"), dict):
        out["properties"] = {name: converted(part) for name, part in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        out["items"] = converted(schema["items"])
    return out


def _as_source(original: Json, schema: Json, language: str) -> Json:
    """Every parameter a string of source code, as the leaderboard asks for Java and JavaScript."""
    properties = {
        name: {
            "type": "string",
            "description": f"{part.get('description', '')} This is {language} {part.get('type', 'any')} "
            "in string representation.".strip(),
        }
        for name, part in original["properties"].items()
    }
    return {"type": "object", "properties": properties, "required": schema.get("required", [])}


def _rows(file: Path) -> list[Json]:
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
