"""How many patterns can meet in one string of a schema. Knows the keywords that put schemas together.

llguidance intersects them and asks whether anything is left, which takes exponential time and memory (a
string with fifteen patterns: 45 s and 2 GB), before any of its own limits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

MOST_PATTERNS: Final = 6
"""So many are intersected within half a second, whatever they say."""


def stacked_patterns(root: dict[str, Any], definitions: dict[str, Any]) -> int:
    """The most patterns that could meet in one string; too many rather than too few."""
    return _Counter(definitions).count(root)


class _Counter:
    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._known: dict[str, int] = {}

    def count(self, schema: object) -> int:
        if not isinstance(schema, dict):
            return 0
        node = cast("dict[str, Any]", schema)
        meeting = sum(self.count(part) for part in node.get("allOf", ()))
        meeting += max(
            (self.count(part) for key in ("anyOf", "oneOf") for part in node.get(key, ())), default=0
        )
        if "$ref" in node:
            meeting += self._referred(node["$ref"])
        own = int("pattern" in node) + int("format" in node)
        return meeting + max(own, *map(self.count, _inside(node)), 0)

    def _referred(self, reference: str) -> int:
        name = reference.removeprefix("#/$defs/")
        if name not in self._known:
            self._known[name] = 0  # what a schema says of itself meets nothing new
            self._known[name] = self.count(self._definitions.get(name))
        return self._known[name]


def _inside(node: dict[str, Any]) -> Iterable[object]:
    yield from node.get("properties", {}).values()
    yield from node.get("patternProperties", {}).values()
    yield from node.get("prefixItems", ())
    for keyword in ("additionalProperties", "items"):
        if keyword in node:
            yield node[keyword]
