"""Where a `$ref` of a JSON Schema leads, within its own document. Knows no other keyword, fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

Json = object
"""What `json.loads` gives."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the document. `rebased` says that references inside of it start from another address."""

    pointer: str
    schema: Json
    rebased: bool = False


class References:
    """The places of one document that its references may lead to."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self._document = document
        old = any(f"draft-0{number}" in str(document.get("$schema")) for number in (3, 4))
        self._id = "id" if old else "$id"
        own = document.get(self._id)
        self._addresses = {"", own.partition("#")[0]} if isinstance(own, str) else {""}

    def rebases(self, place: Json) -> bool:
        """Whether a place inside of the document is a schema with an address of its own."""
        if not isinstance(place, Mapping) or place is self._document:
            return False
        own = cast("Mapping[str, Json]", place).get(self._id)
        return isinstance(own, str) and not own.startswith("#")

    def resolve(self, reference: str) -> Target | None:
        """The place, or None where it is not in this document."""
        address, _, fragment = reference.partition("#")
        if address not in self._addresses:
            return None
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            return self._anchor(fragment)
        return self._follow(fragment)

    def _follow(self, pointer: str) -> Target | None:
        place = cast("Json", self._document)
        rebased = False
        for part in pointer.split("/")[1:]:
            place = _step(place, part.replace("~1", "/").replace("~0", "~"))
            rebased = rebased or self.rebases(place)
        return None if place is None else Target(pointer, place, rebased)

    def _anchor(self, name: str) -> Target | None:
        found = [
            pointer
            for pointer, schema in _mappings(self._document, "")
            if schema.get("$anchor") == name or schema.get(self._id) == f"#{name}"
        ]
        return self._follow(found[0]) if len(found) == 1 else None


def _step(place: Json, key: str) -> Json:
    if isinstance(place, Mapping):
        return cast("Mapping[str, Json]", place).get(key)
    if isinstance(place, list) and key.isdecimal() and len(key) < 9:
        items = cast("list[Json]", place)
        return items[int(key)] if int(key) < len(items) else None
    return None


def escape(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _mappings(value: Json, pointer: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Json]", value)
        yield pointer, mapping
        for key, item in mapping.items():
            yield from _mappings(item, f"{pointer}/{escape(key)}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(cast("Sequence[Json]", value)):
            yield from _mappings(item, f"{pointer}/{index}")
