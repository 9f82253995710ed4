"""Audit records in the terminal: a line each, or one in full. Pure; reads no log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prudent.types.content import Source

_SECONDS = 19
"""Characters of a time in ISO 8601 down to the second."""
_WHOSE = {
    Source.ASSISTANT.value: "answer",
    Source.IMAGE.value: "text in an image",
    Source.AUDIO.value: "text in a recording",
}


def line(record: dict[str, Any]) -> str:
    """One record: number, time, id, how it ended, what was done, policy, and what answered or was asked."""
    body = record["body"]
    ended = body.get("outcome") or record["kind"]
    about = body.get("model") or body.get("route") or ""
    told = f"{body.get('action') or '':<8}  {body.get('policy') or '':<10}  {about}".rstrip()
    return (
        f"{record['sequence']:>6}  {record['time'][:_SECONDS]}Z  {record['id']}  {ended:<9}  {told}".rstrip()
    )


def lines(record: dict[str, Any]) -> Iterator[str]:
    """A record in full: what it says of the request, then each text with what was found in it."""
    body = record["body"]
    yield f"{record['id']}  (record {record['sequence']}, {record['kind']})"
    yield f"time        {record['time']}"
    for name in ("outcome", "action", "model", "route", "request_id", "streaming_mode"):
        if body.get(name):
            yield f"{name.removesuffix('_mode').replace('_id', ''):<10}  {body[name]}"
    if body.get("policy"):
        yield f"policy      {body['policy']} ({body['policy_hash'][:12]})"
    if body.get("user"):
        yield f"user        fingerprint {body['user']}"
    metadata: dict[str, str] = body.get("metadata") or {}
    for name, value in metadata.items():
        yield f"metadata    {name}: {value}"
    for text in body.get("texts") or ():
        yield ""
        yield from _text(text)


def _text(text: dict[str, Any]) -> Iterator[str]:
    whose = _WHOSE.get(text["source"], f"{text['source']}'s text")
    yield f"{whose}, {text['characters']} characters, fingerprint {text['fingerprint'][:12]}"
    clean: list[str] = []
    for name, found in text["categories"].items():
        if found["state"] != "checked":
            yield f"  {name}: {found['state']}"
        elif found["severity"] == 0 and found["action"] == "allow":
            clean.append(name)
        else:
            yield f"  {name}: {found['action']}, severity {found['severity']}{_labels(found)}{_rule(found)}"
    if clean:
        yield f"  nothing found: {', '.join(clean)}"


def _labels(found: dict[str, Any]) -> str:
    named = [label if count == 1 else f"{count} x {label}" for label, count in found["labels"].items()]
    return f" ({', '.join(named)})" if named else ""


def _rule(found: dict[str, Any]) -> str:
    return f", rule {found['rule']}" if found["rule"] else ""
