"""Holds what a call takes from a Chinese request to the request's own characters. Asks no model.

Small models translate names where a tool describes itself in English (`三体` as `Three-Dimensional`), and no
tool knows the thing by such a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prudent_agents.grounding.facts import stated
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.tool import Tool
from prudent_agents.values import JSON

_FEWEST = 2
"""Characters of a text that has something to be taken."""
_LONGEST = 40
_FREE = ("enum", "format", "pattern", "const")
"""What in an argument's schema says that its words are not the request's."""
_TRANSLATED = re.compile(
    r"(?!(?:what|who|whom|whose|which|when|where|why|how|it|this|that|they|them|he|him|she|her|me|my)\b)"
    r"[a-z][a-z' .,-]*",
    re.IGNORECASE,
)
"""A name in English; what stands for something else is none."""
_LATIN = re.compile(r"[A-Za-z]{2}")
_MOST_SIGNS = 200


def translated_names(tool: Tool, arguments: Mapping[str, JSON], text: str) -> list[str]:
    """The arguments that are English words, where the request is Chinese and has no word in Latin letters."""
    if len(IDEOGRAPHS.findall(text)) < _FEWEST or _LATIN.search(text) or IDEOGRAPHS.search(tool.card):
        return []
    return [
        name
        for name, value in arguments.items()
        if isinstance(value, str)
        and _TRANSLATED.fullmatch(value)
        and not stated(value, text)
        and not any(key in tool.properties.get(name, {}) for key in _FREE)
    ]


def in_its_characters(tool: Tool, names: list[str], text: str) -> Tool:
    """The tool, whose arguments of these names may have characters of the request alone."""
    signs = "".join(dict.fromkeys(re.findall(r"[^\W_]", text)))[:_MOST_SIGNS]
    pattern = f"^[{signs}]{{1,{_LONGEST}}}$"
    properties: dict[str, Any] = {
        name: {**schema, "pattern": pattern} if name in names else schema
        for name, schema in tool.properties.items()
    }
    return replace(tool, parameters={**tool.parameters, "properties": properties})
