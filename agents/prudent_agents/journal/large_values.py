"""Takes large parts out of an event and puts them back, so that one value is kept once. Knows no database.

A part whose JSON is longer than INLINE is replaced by `{"$blob": its hash}`; what it is made of is treated
in the same way, so a list of large results shares them with the results. `{"$raw": ...}` is a value that is
taken as it is: data that looks like one of the two, or that is nested too deeply to look into.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, cast

from prudent_agents.values import JSON, canonical

INLINE = 4096
"""Characters of JSON that stay where they are."""
_DEEPEST = 12
_BLOB = "$blob"
_RAW = "$raw"
_MARKS = (f'"{_BLOB}"', f'"{_RAW}"')

Blobs = dict[bytes, bytes]
"""JSON texts by their SHA-256."""


def taken_apart(record: dict[str, Any]) -> tuple[str, Blobs]:
    """A record as JSON text with its large parts replaced, and these parts."""
    text = _written(record)
    if len(text) <= INLINE and not _marked(text):
        return text, {}
    blobs: Blobs = {}
    return _written({name: _placed(value, blobs, 1) for name, value in record.items()}), blobs


def put_together(text: str, blob: Callable[[bytes], bytes]) -> dict[str, Any]:
    """The record that `taken_apart` made into this text; `blob` gives the part of a hash."""
    read = cast("dict[str, Any]", json.loads(text))
    return {name: _restored(value, blob) for name, value in read.items()} if _marked(text) else read


def _placed(value: JSON, blobs: Blobs, depth: int) -> JSON:
    text = _written(value)
    if len(text) <= INLINE and not _marked(text):
        return value
    if isinstance(value, dict):
        record = cast("dict[str, Any]", value)
        if depth == _DEEPEST or _BLOB in record or _RAW in record:
            value = {_RAW: record}
        else:
            value = {name: _placed(one, blobs, depth + 1) for name, one in record.items()}
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        if depth == _DEEPEST:
            value = {_RAW: items}
        else:
            value = [_placed(one, blobs, depth + 1) for one in items]
    text = _written(value)
    if len(text) <= INLINE:
        return value
    data = text.encode()
    key = hashlib.sha256(data).digest()
    blobs[key] = data
    return {_BLOB: key.hex()}


def _restored(value: JSON, blob: Callable[[bytes], bytes]) -> JSON:
    if isinstance(value, list):
        return [_restored(one, blob) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    record = cast("dict[str, Any]", value)
    if len(record) == 1 and _BLOB in record:
        return _restored(json.loads(blob(bytes.fromhex(record[_BLOB]))), blob)
    if len(record) == 1 and _RAW in record:
        return record[_RAW]
    return {name: _restored(one, blob) for name, one in record.items()}


def _marked(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _written(value: JSON) -> str:
    """Canonical JSON that can be written as UTF-8: half a surrogate pair stands as an escape."""
    text = canonical(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text
