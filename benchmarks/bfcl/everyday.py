"""Requests of everyday life, English and not, as questions whose answer is one tool or none.

Own made (everyday.json), because the leaderboard's questions are English and long. Knows no model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bfcl.questions import Half, Json, Question

CATEGORY = "everyday"
FILE = Path(__file__).with_name("everyday.json")


@dataclass(frozen=True, slots=True)
class EverydayRequest(Question):
    """`truth` names the tool and no arguments: any will do."""

    given_half: Half
    language: str

    @property
    def half(self) -> Half:
        """As the file says."""
        return self.given_half

    @property
    def tools(self) -> list[Json]:
        """The functions as they are."""
        return [{"type": "function", "function": function} for function in self.functions]


def read_everyday() -> list[EverydayRequest]:
    """Every request, the languages mixed; every other Chinese one has tools described in Chinese."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    seen: dict[str, int] = {}
    found: list[tuple[int, EverydayRequest]] = []
    for row in data["requests"]:
        language = row["language"]
        place = seen[language] = seen.get(language, -1) + 1
        about = "description_zh" if language == "zh" and place % 2 else "description"
        functions = [
            {"name": name, "description": tool[about], "parameters": tool["parameters"]}
            for name, tool in ((name, data["tools"][name]) for name in row["tools"])
        ]
        request = EverydayRequest(
            id=f"everyday_{language}_{place}",
            category=CATEGORY,
            messages=[{"role": "user", "content": row["request"]}],
            functions=functions,
            truth=[{row["fits"]: {}}] if row["fits"] else [],
            given_half=row["half"],
            language=language,
        )
        found.append((place, request))
    return [request for _, request in sorted(found, key=lambda pair: pair[0] * 7919 % 61)]
